"""Putting the running program together: from a site and a reactor to traffic, and to an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.access_log import AccessLog
from pointsman.app.chores import Chores
from pointsman.app.doubting import Doubting
from pointsman.app.pins_ready import PinsReady
from pointsman.app.running_service import RunningService, Shared
from pointsman.app.server_life import ServerLife
from pointsman.app.state_dir import prepare
from pointsman.app.ticker import Ticker
from pointsman.config.build import Site
from pointsman.config.registry import Registry
from pointsman.contracts import Chore, Outcome
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.request_ids import RequestIds
from pointsman.core.server_states import ADMIN_STATES, DISABLED, MAINTENANCE
from pointsman.core.virtual_service import VirtualService
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
# What was cut at the end of the drain time is given this long to be really gone.
GRACE = 2.0
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
        checks: the health checks at work, what they know and remember.
        agents: the same for agents that are asked beside them.
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
        self._registry = registry
        self._reactor = reactor
        self._local = local
        self._clock = clock
        self._deadlines = Deadlines(clock(), self._timeout_failed)
        self._names = _watched_names(site, reactor)
        dialler = Dialler(reactor, self._deadlines, self._names.addresses, local)
        told = (self._tell_rules, self._state_changed, *registry.events("server_state"))
        self._life = ServerLife(lambda: self.services, told, registry.events("service_state"), wall)
        self._life.watch(site.pools)
        transports = ProbeTransports.of(reactor, dialler, self._deadlines, self._names.addresses)
        self.checks = Checks(reactor, transports, registry.events("health_changed"), wall)
        self.agents = AgentChecks(reactor, transports, wall)
        for plan in site.checks:
            self.checks.add(plan)
        for plan in site.agents:
            self.agents.add(plan)
        shared = Shared(reactor, self._deadlines, FieldLines(), dialler, RequestIds(), clock, wall)
        section = site.settings.access_log
        self._access_log = AccessLog.of(section) if section is not None else None
        logs = () if self._access_log is None else (self._access_log,)
        finished = [log.finished for log in logs]
        self.services = tuple(
            RunningService(service, shared, finished) for service in site.services
        )
        chores = Chores(self._in_thread, self._chores)
        due = (
            self._deadlines.tick,
            self._life.tick,
            self._touch_pins,
            self._expire_pins,
            Doubting(lambda: self.site.pools.values()).tick,
            chores.tick,
            *(log.flush for log in logs),
        )
        self._ticker = Ticker(reactor, clock, TICK, due)
        self._pins_ready = PinsReady(site.tables, reactor, self._accept)
        self._stop_at = 0.0
        self._looking: Any = None
        self._stopped: Deferred[None] | None = None

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
        if self._access_log is not None:
            self._access_log.open()
        try:
            if self.site.state_dir is not None:
                prepare(self.site.state_dir)
            for table in self.site.tables:
                table.start(self._reactor)
            for running in self.services:
                running.listen()
        except BaseException:
            self._deafen()
            for table in self.site.tables:
                table.close()
            if self._access_log is not None:
                self._access_log.close()
            raise

    def begin(self) -> None:
        """Let traffic in, once the names of real servers were looked up and pins are loaded."""
        self._ticker.start()
        self._names.start().addCallback(lambda _: self._pins_ready.start())

    def _accept(self) -> None:
        if self._stopped is not None:
            return
        self.checks.start()
        self.agents.start()
        for name, recipe in self.site.recipes.items():
            health = recipe.section.health
            if health is not None and health.by_port:
                self.log.info("pool {pool} is {words}", pool=name, words=health.in_words)
        for running in self.services:
            running.rules_at_work(self.site.pools)
            running.accept()
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
        names = tuple(running.service.name for running in self.services)
        for told in self._registry.events("started"):
            told(names)

    def _tell_rules(self, pool: str, server: str, before: str, state: str, why: str) -> None:
        for running in self.services:
            if running.rules is not None:
                running.rules.server_state(pool, server, before, state)

    def _touch_pins(self, now: float) -> None:
        for running in self.services:
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
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)

    def _timeout_failed(self, timed: object, error: Exception) -> None:
        self.log.failure("a timeout of {timed!r} failed", Failure(error), timed=timed)

    def _state_changed(self, pool: str, server: str, before: str, state: str, reason: str) -> None:
        # A server that an operator puts back is asked at once how it is.
        if before in (DISABLED, MAINTENANCE) and state not in ADMIN_STATES:
            member = self.site.pools[pool].member(server)
            if member is not None and self.checks.state_of(member) is not None:
                self.checks.check_now(member)

    def reopen_logs(self) -> None:
        """Open the file of the access log anew, after it was moved away."""
        if self._access_log is not None:
            self._access_log.reopen()
            self.log.info("access logs are opened anew")

    # ---- to an end ----

    def stop(self) -> Deferred[None]:
        """Accept no more, let open work end within its drain time, cut the rest, close all.

        Returns:
            Fires once nothing of us is left in the reactor.
        """
        stopped = self._stopped = Deferred()
        self._stop_at = self._clock()
        for told in self._registry.events("stopping"):
            told()
        self._deafen()
        self._names.stop()
        self._pins_ready.stop()
        for running in self.services:
            running.clients.drain()
        self._look()
        return stopped

    def stop_now(self) -> None:
        """While ``stop`` is under way: let nobody have more time."""
        for running in self.services:
            running.clients.stop()
        if self._looking is not None:
            self._looking.cancel()
            self._look()

    def _deafen(self) -> None:
        for running in self.services:
            running.deaf()

    def _look(self) -> None:
        self._looking = None
        waited = self._clock() - self._stop_at
        longest = 0.0
        for running in self.services:
            patience = running.service.settings.timeouts.drain
            longest = max(longest, patience)
            if waited >= patience and len(running.clients):
                running.clients.stop()
        left = sum(len(running.clients) for running in self.services)
        if left and waited < longest + GRACE:
            self._looking = self._reactor.callLater(LOOK, self._look)
            return
        if left:
            self.log.error("{left} connections would not end", left=left)
        self._close()

    def _close(self) -> None:
        self.checks.stop()
        self.agents.stop()
        for running in self.services:
            running.idle.close_all()
        for server in self._local.values():
            server.stop()
        self._ticker.stop()
        for table in self.site.tables:
            table.close()
        for running in self.services:
            name = running.service.name
            self.log.info("{service}: {counts}", service=name, counts=str(running.counts))
        if self._access_log is not None:
            self._access_log.close()
        self._settle(TURNS)

    def _settle(self, turns: int) -> None:
        if turns:
            self._reactor.callLater(0, self._settle, turns - 1)
        elif self._stopped is not None:
            self._stopped.callback(None)


def _mode_of(service: VirtualService) -> str:
    """Its mode for the log, with that of TLS: http, or "http, reencrypt, verify: none"."""
    mode = service.settings.mode
    return mode if service.tls is None else f"{mode}, {service.tls.describes}"


def _watched_names(site: Site, reactor: Any) -> Names:
    """Everything whose address has to be looked up: real servers, and where they are probed."""
    names = Names(reactor, site.settings.resolver.interval)
    places = [member.server.address for pool in site.pools.values() for member in pool.members]
    plans = (*site.checks, *site.agents)
    places += [plan.address for plan in plans if plan.address is not None]
    for place in places:
        if place.is_name:
            names.watch(place.host)
    return names
