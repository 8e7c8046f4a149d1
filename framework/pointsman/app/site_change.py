"""One change of a running site: first everything that may fail, then everything that may not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from pointsman.app.access_log import AccessLog
from pointsman.app.hand_over import HandOver
from pointsman.app.leaving import Leaving
from pointsman.app.pins_ready import PinsReady
from pointsman.app.running_service import RunningService, Shared
from pointsman.app.server_life import ServerLife
from pointsman.app.slices import in_slices
from pointsman.config.draft import Draft, Site
from pointsman.config.registry import Registry
from pointsman.config.schema import Document
from pointsman.config.steps import Steps
from pointsman.contracts import Table, Values
from pointsman.core.members import Member
from pointsman.core.virtual_service import Finished
from pointsman.model.address import Address
from pointsman.model.errors import ReloadError
from pointsman.net.agents import AgentChecks
from pointsman.net.checks import Checks
from pointsman.net.names import Names


class Changing(Protocol):
    """What is changed: a site at work (``app.assembly.RunningSite``)."""

    site: Site
    services: tuple[RunningService, ...]
    leaving: Leaving
    access_log: AccessLog | None
    registry: Registry
    reactor: Any
    clock: Callable[[], float]
    names: Names
    life: ServerLife
    checks: Checks
    agents: AgentChecks
    shared: Shared

    @property
    def accepting(self) -> bool:
        """Whether it is at work."""

    @property
    def finished(self) -> Sequence[Finished]:
        """Who is told of finished exchanges."""

    def start_tables(self, state_dir: Path | None, tables: Iterable[Table | Values]) -> None:
        """Get ready what pins are kept in."""

    def say_where(self, running: RunningService) -> None:
        """Log where a service listens."""

    def see_leaving(self, now: float) -> None:
        """See who of those that were taken out has gone."""


class SiteChange:
    """One change: ``prepare``, then ``carry_out``.

    Args:
        running: what is changed.
        draft: what it shall become; nothing must have changed since it was made.
    """

    log = Logger()

    def __init__(self, running: Changing, draft: Draft) -> None:
        self._running = running
        self._draft = draft
        self._access_log = running.access_log
        self._heirs: list[tuple[Table, Table]] = []
        present = {each.service.name: each.listeners for each in running.services}
        self._hand_over = HandOver(running.reactor, present, draft.service_settings)

    @inlineCallbacks
    def prepare(self) -> Generator[Deferred[Any], Any, None]:
        """Do everything that may fail.

        Raises:
            ListenError, AccessLogError, StateDirError, TableError: something cannot be had; all
                is as it was.
            ReloadError: it is not at work, or not any more; likewise.
        """
        running, draft = self._running, self._draft
        if not running.accepting:
            raise ReloadError("this can be done while it is at work only")
        self._access_log = self._access_log_for(draft.settings)
        try:
            running.start_tables(draft.state_dir, draft.tables)
            yield in_slices(running.reactor, self._hand_over.open())
            for host in hosts(draft.places()):
                running.names.watch(host)
            yield running.names.settled()
            yield self._pins_are_ready()
            yield in_slices(running.reactor, self._take_over_pins())
            if not running.accepting:
                raise ReloadError("it was stopped meanwhile")
        except BaseException:
            self._hand_over.undo()
            if self._access_log is not None and self._access_log is not running.access_log:
                self._access_log.close()
            running.names.keep(hosts(places_of(running.site)))
            raise

    def _pins_are_ready(self) -> Deferred[None]:
        ready: Deferred[None] = Deferred()
        PinsReady(self._draft.tables, self._running.reactor, lambda: ready.callback(None)).start()
        return ready

    def _take_over_pins(self) -> Steps[None]:
        """Give the pins of former tables to those that take their place and have none yet.

        Where the two are the same behind them, as in a file, they have them already.
        """
        now = self._running.clock()
        self._heirs = [pair for pair in self._draft.inherited if not len(pair[1])]
        for source, target in self._heirs:
            for some in source.entries(now):
                for key, pin in some:
                    target.restore(key, pin)
                yield

    def _take_over_late_pins(self) -> Steps[None]:
        """Those that were made while services changed."""
        now = self._running.clock()
        for source, target in self._heirs:
            for some in source.entries(now):
                for key, pin in some:
                    if target.peek(key, now) is None:
                        target.restore(key, pin)
                yield

    def _access_log_for(self, settings: Document) -> AccessLog | None:
        section = settings.access_log
        if section == self._running.site.settings.access_log:
            return self._running.access_log
        if section is None:
            return None
        access_log = AccessLog.of(section)
        access_log.open()
        return access_log

    def carry_out(self) -> Steps[None]:
        """Make the change: nothing of it fails. Each service changes as a whole, one by one."""
        running, draft = self._running, self._draft
        former = running.site
        former_members = [
            (member, pool.settings.drain_time)
            for pool in former.pools.values()
            for member in pool.members
        ]
        former_log, running.access_log = running.access_log, self._access_log
        pools, checks, agents = yield from draft.pools()
        there = {each.service.name: each for each in running.services}
        services: list[RunningService] = []
        for service in draft.services(pools):
            found = there.get(service.name)
            if found is not None and found.service is service:
                found.heed(running.finished)
                del there[service.name]
            else:
                counts = found.counts if found is not None else None
                found = RunningService(service, running.shared, running.finished, counts)
            services.append(found)
            found.rules_at_work(pools)
            self._let_in(found)
            yield
        yield from self._take_over_late_pins()
        self._hand_over.close_given_up()
        running.services = tuple(services)
        running.site = site = draft.site(pools, checks, agents, [each.service for each in services])
        running.life.watch(site.pools)
        running.checks.on_change = running.registry.events("health_changed")
        yield from running.checks.change(checks)
        yield from running.agents.change(agents)
        running.names.interval = site.settings.resolver.interval
        running.names.keep(hosts(places_of(site)))
        yield
        self._let_go(former, former_members, there.values())
        if former_log is not None and former_log is not running.access_log:
            former_log.close()

    def _let_in(self, service: RunningService) -> None:
        service.take(self._hand_over.listeners[service.service.name])
        service.accept()
        if not self._hand_over.opened.isdisjoint(service.listeners):
            self._running.say_where(service)

    def _let_go(
        self,
        former: Site,
        members: Iterable[tuple[Member, float]],
        services: Iterable[RunningService],
    ) -> None:
        """What the former site had and this one has not."""
        running = self._running
        leaving, now = running.leaving, running.clock()
        patience = 0.0
        for service in services:
            patience = max(patience, service.service.settings.timeouts.drain)
            self.log.info("{service} is removed: draining", service=service.service.name)
            if service.rules is not None:
                service.rules.stop()
            leaving.add_service(service, now)
        stay = {member for pool in running.site.pools.values() for member in pool.members}
        for member, drain_time in members:
            if member not in stay:
                leaving.add_member(member, now + max(drain_time, patience))
        drains = [service.settings.timeouts.drain for service in former.services]
        used = {id(table) for table in running.site.tables}
        for table in former.tables:
            if id(table) not in used:
                leaving.add_table(table, now + max(drains, default=0.0))
        running.see_leaving(now)


def places_of(site: Site) -> Iterator[Address]:
    """Everything that is dialled: real servers, and where they are probed."""
    for pool in site.pools.values():
        yield from (member.server.address for member in pool.members)
    for plan in (*site.checks, *site.agents):
        if plan.address is not None:
            yield plan.address


def hosts(places: Iterable[Address]) -> set[str]:
    """The names among them, which have to be looked up."""
    return {place.host for place in places if place.is_name}
