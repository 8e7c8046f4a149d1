"""Putting the running program together: from a site and a reactor to traffic, and to an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.access_log import AccessLog
from pointsman.app.chores import Chores
from pointsman.app.doubting import Doubting
from pointsman.app.events import Events
from pointsman.app.hand_over import HandOver
from pointsman.app.leaving import Leaving
from pointsman.app.pins_ready import PinsReady
from pointsman.app.rates import RateMeter
from pointsman.app.running_service import RunningService, Shared
from pointsman.app.server_life import ServerLife
from pointsman.app.site_change import SiteChange, hosts, places_of
from pointsman.app.slices import in_slices
from pointsman.app.state_dir import prepare
from pointsman.app.ticker import Ticker
from pointsman.config.draft import Draft, Site
from pointsman.config.registry import Registry
from pointsman.config.steps import Steps, at_once
from pointsman.contracts import Chore, Outcome, Table, Values
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.request_ids import RequestIds
from pointsman.core.server_states import ADMIN_STATES, DISABLED, MAINTENANCE
from pointsman.core.virtual_service import Finished, VirtualService
from pointsman.net.agents import AgentChecks
from pointsman.net.checks import Checks
from pointsman.net.dial import Dialler
from pointsman.net.local import LocalServer
from pointsman.net.names import Names
from pointsman.net.probe_transports import ProbeTransports

# Timeouts have a resolution of one second; access-log lines wait no longer than this.
TICK = 0.5
# While we drain, how often it is looked whether the last client has gone.
LOOK = 0.05
# In-process servers hear of the end of a connection a few turns of the reactor later.
TURNS = 4


class RunningSite:
    """A site at work on a reactor.

    Args:
        site: what the configuration amounts to; each site is run once.
        registry: whose event hooks are told.
        reactor: offers IReactorFDSet, IReactorTime and IReactorPluggableNameResolver.
        local: in-process real servers by their key.
        clock: monotonic seconds.
        wall: seconds since the epoch.

    Attributes:
        site: what it works by.
        services: those of the site, in their order.
        leaving: what a reload has taken out of the site, but somebody still uses.
        checks: the health checks at work, what they know and remember.
        agents: the same for agents that are asked beside them.
        events: what has happened.
        life: looks after the servers of all pools.
        names: host names that are looked up again and again.
        access_log: where exchanges are written, None if nowhere.
        shared: what all services share.
        doubting: what is doubtful about the persistence of pools.
        rates: how much happens in a second.
        began: when it was made, seconds since the epoch.
        closed: it is over; tables are closed.
        registry, reactor, clock: as above.
    """

    log = Logger()

    def __init__(
        self,
        site: Site,
        registry: Registry,
        reactor: Any,
        local: Mapping[str, LocalServer],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.site = site
        self.registry = registry
        self.reactor = reactor
        self._local = local
        self.clock = clock
        self._deadlines = Deadlines(clock(), self._timeout_failed)
        self.names = Names(reactor, site.settings.resolver.interval)
        for host in hosts(places_of(site)):
            self.names.watch(host)
        dialler = Dialler(reactor, self._deadlines, self.names.addresses, local)
        told = (self._tell_rules, self._state_changed, *registry.events("server_state"))
        self.events = Events(wall)
        self.life = ServerLife(
            lambda: (*self.services, *self.leaving.services),
            told,
            registry.events("service_state"),
            wall,
            lambda member: self.checks.check_now(member),
            self.events,
        )
        self.life.watch(site.pools)
        transports = ProbeTransports.of(reactor, dialler, self._deadlines, self.names.addresses)
        self.checks = Checks(reactor, transports, registry.events("health_changed"), wall)
        self.agents = AgentChecks(reactor, transports, wall)
        for plan in site.checks:
            self.checks.add(plan)
        for plan in site.agents:
            self.agents.add(plan)
        self.shared = Shared(
            reactor, self._deadlines, FieldLines(), dialler, RequestIds(), clock, wall
        )
        section = site.settings.access_log
        self.access_log = AccessLog.of(section) if section is not None else None
        self.services = tuple(
            RunningService(service, self.shared, self.finished) for service in site.services
        )
        self.leaving = Leaving()
        self.doubting = Doubting(lambda: self.site.pools.values())
        self.rates = RateMeter(
            clock,
            lambda: [(each.service, each.counts) for each in self.services],
            lambda: self.site.pools.values(),
        )
        self.began = wall()
        chores = Chores(self._in_thread, self._chores)
        due = (
            self._deadlines.tick,
            self.life.tick,
            self._touch_pins,
            self._expire_pins,
            self.doubting.tick,
            self.rates.tick,
            chores.tick,
            self._flush,
            self.see_leaving,
        )
        self._ticker = Ticker(reactor, clock, TICK, due)
        self._pins_ready = PinsReady(site.tables, reactor, self._accept)
        self._began = False
        self.closed = False
        self._becoming: Steps[None] | None = None
        self._looking: Any = None
        self._stopped: Deferred[None] | None = None

    @property
    def finished(self) -> Sequence[Finished]:
        """Who is told of finished exchanges, beside the plugins' event hooks."""
        return () if self.access_log is None else (self.access_log.finished,)

    @property
    def accepting(self) -> bool:
        """Whether clients are let in now."""
        return self._began and self._stopped is None

    def _flush(self, now: float) -> None:
        if self.access_log is not None:
            self.access_log.flush(now)

    @property
    def ports(self) -> Mapping[str, tuple[int, ...]]:
        """Service name -> the real port of each of its addresses; 0 for unix sockets."""
        return {running.service.name: running.ports for running in self.services}

    # ---- to traffic ----

    def listen(self) -> None:
        """Bind all addresses; nobody is accepted yet.

        Raises:
            ListenError: an address cannot be had; nothing is left open.
            AccessLogError: the access log cannot be opened; likewise.
            StateDirError: the folder for what is kept cannot be used; likewise.
            TableError: a table of pins cannot be opened; likewise.
        """
        if self.access_log is not None:
            self.access_log.open()
        hand_over = HandOver(self.reactor, {}, [service.settings for service in self.site.services])
        try:
            self.start_tables(self.site.state_dir, self.site.tables)
            at_once(hand_over.open())
        except BaseException:
            for table in self.site.tables:
                table.close()
            if self.access_log is not None:
                self.access_log.close()
            raise
        for running in self.services:
            running.take(hand_over.listeners[running.service.name])

    def start_tables(self, state_dir: Path | None, tables: Iterable[Table | Values]) -> None:
        """Get ready what pins are kept in; raises StateDirError and TableError."""
        if state_dir is not None:
            prepare(state_dir)
        for table in tables:
            table.start(self.reactor)

    def begin(self) -> None:
        """Let traffic in, once the names of real servers were looked up and pins are loaded."""
        self._ticker.start()
        self.names.start().addCallback(lambda _: self._pins_ready.start())

    def _accept(self) -> None:
        if self._stopped is not None:
            return
        self._began = True
        self.checks.start()
        self.agents.start()
        for name, recipe in self.site.recipes.items():
            health = recipe.section.health
            if health is not None and health.by_port:
                self.log.info("pool {pool} is {words}", pool=name, words=health.in_words)
        for running in self.services:
            running.rules_at_work(self.site.pools)
            running.accept()
            self.say_where(running)
        for told in self.registry.events("started"):
            told(self._names_of_services())

    def _names_of_services(self) -> tuple[str, ...]:
        return tuple(running.service.name for running in self.services)

    def say_where(self, running: RunningService) -> None:
        """Log where a service listens."""
        for listener in running.listeners:
            self.log.info(
                "{service} listens on {address} ({mode}), {servers} servers",
                service=running.service.name,
                address=listener.address.with_port(listener.port)
                if listener.port
                else listener.address,
                mode=_mode_of(running.service),
                servers=len(running.service.pool.members),
            )

    # ---- to another configuration ----

    @inlineCallbacks
    def change(self, draft: Draft) -> Generator[Deferred[Any], Any, None]:
        """Become another site. All that may fail comes first, and then changes nothing.

        Args:
            draft: made with ``site`` as the previous one, and nothing changed since.

        Raises:
            ListenError: a new address cannot be had.
            AccessLogError: the access log cannot be opened.
            StateDirError, TableError: what is to be kept cannot be.
            ReloadError: we are not yet, or not any more, at work.
        """
        change = SiteChange(self, draft)
        yield change.prepare()
        self._becoming = change.carry_out()
        yield in_slices(self.reactor, self._becoming)
        self._becoming = None

    def see_leaving(self, now: float) -> None:
        """See who of those that were taken out has gone by now."""
        self.leaving.look(now, self.services)

    # ---- while it runs ----

    def _tell_rules(self, pool: str, server: str, before: str, state: str, why: str) -> None:
        for running in self.services:
            if running.rules is not None:
                running.rules.server_state(pool, server, before, state)

    def _touch_pins(self, now: float) -> None:
        for running in (*self.services, *self.leaving.services):
            running.touch_pins(now)

    def _expire_pins(self, now: float) -> None:
        for table in self.site.tables:
            table.expire(now)

    def _chores(self) -> Iterator[Chore]:
        for running in self.services:
            tls = running.service.tls
            if tls is not None and self._stopped is None:
                yield from tls.chores

    def _in_thread(self, work: Callable[[], Outcome | None]) -> Deferred[Outcome | None]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work)

    def _timeout_failed(self, timed: object, error: Exception) -> None:
        self.log.failure("a timeout of {timed!r} failed", Failure(error), timed=timed)

    def _state_changed(self, pool: str, server: str, before: str, state: str, reason: str) -> None:
        # A server that an operator puts back is asked at once how it is.
        there = self.site.pools.get(pool)
        if there is not None and before in (DISABLED, MAINTENANCE) and state not in ADMIN_STATES:
            member = there.member(server)
            if member is not None and self.checks.state_of(member) is not None:
                self.checks.check_now(member)

    def reopen_logs(self) -> None:
        """Open the file of the access log anew, after it was moved away."""
        if self.access_log is not None:
            self.access_log.reopen()
            self.log.info("access logs are opened anew")

    # ---- to an end ----

    def stop(self) -> Deferred[None]:
        """Accept no more, let open work end within its drain time, cut the rest, close all.

        Returns:
            Fires once nothing of us is left in the reactor.
        """
        stopped = self._stopped = Deferred()
        if self._becoming is not None:
            at_once(self._becoming)  # half a change is no state to stop in
        for told in self.registry.events("stopping"):
            told()
        now = self.clock()
        for running in self.services:
            running.deaf()
        self.names.stop()
        self._pins_ready.stop()
        for running in self.services:
            self.leaving.add_service(running, now)
        self._look()
        return stopped

    def stop_now(self) -> None:
        """While ``stop`` is under way: let nobody have more time."""
        self.leaving.stop_now()
        if self._looking is not None:
            self._looking.cancel()
            self._look()

    def _look(self) -> None:
        self._looking = None
        self.leaving.look(self.clock(), ())
        if len(self.leaving):
            self._looking = self.reactor.callLater(LOOK, self._look)
        else:
            self._close()

    def _close(self) -> None:
        self.closed = True
        self.checks.stop()
        self.agents.stop()
        for server in self._local.values():
            server.stop()
        self._ticker.stop()
        self.leaving.close()
        for table in self.site.tables:
            table.close()
        if self.access_log is not None:
            self.access_log.close()
        self._settle(TURNS)

    def _settle(self, turns: int) -> None:
        if turns:
            self.reactor.callLater(0, self._settle, turns - 1)
        elif self._stopped is not None:
            self._stopped.callback(None)


def _mode_of(service: VirtualService) -> str:
    """Its mode for the log, with that of TLS: http, or "http, reencrypt, verify: none"."""
    mode = service.settings.mode
    return mode if service.tls is None else f"{mode}, {service.tls.describes}"
