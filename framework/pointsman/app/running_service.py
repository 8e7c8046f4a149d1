"""One virtual service at work: its listeners, its clients and its idle upstream connections."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import is_
from typing import Any, NamedTuple, Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.metrics import ServiceCounts
from pointsman.app.running_rules import RunningRules
from pointsman.contracts.rules import RuledPool
from pointsman.contracts.tls import TlsMode
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.request_ids import RequestIds
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import Finished, VirtualService
from pointsman.model.record import STOPPED
from pointsman.model.service import Limits, ServiceSettings
from pointsman.net.dial import Dialler
from pointsman.net.http_clients import HttpClients
from pointsman.net.idle import IdleConnections
from pointsman.net.listener import Listener
from pointsman.net.tcp_clients import TcpClients
from pointsman.net.tls_accept import TlsAccepting
from pointsman.net.tls_dial import TlsDialler
from pointsman.net.upstream import UpstreamConnections
from pointsman.net.upstream_supplies import UpstreamSupplies

# However long pins live, those of open work are touched about so often; seconds.
_TOUCH = 10.0


class Shared(NamedTuple):
    """What all services of a running site share.

    Attributes:
        reactor: offers IReactorFDSet and IReactorTime.
        deadlines: the wheel of all timeouts.
        lines: shared memory of header lines.
        dialler: opens streams to real servers.
        request_ids: gives each exchange and tunnel its id.
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    reactor: Any
    deadlines: Deadlines
    lines: FieldLines
    dialler: Dialler
    request_ids: RequestIds
    clock: Callable[[], float]
    wall: Callable[[], float]


class Clients(Protocol):
    """All client connections of one service, whatever its mode."""

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """Take in a client that has connected."""

    def touch(self, now: float) -> None:
        """Keep the pins of all work under way in use."""

    def leave(self, member: Member) -> None:
        """Let nothing be under way at that member."""

    def drain(self) -> None:
        """Close what is idle and let work under way end."""

    def stop(self) -> None:
        """End everything now."""

    def __len__(self) -> int: ...


class RunningService:
    """One virtual service at work.

    Args:
        service: what was decided at load.
        shared: what it shares with the others.
        finished: told of each finished exchange, beside the plugins' event hooks.
        counts: to be counted on; from nothing if left out.

    Attributes:
        service: as above.
        rules: its rulebooks at work, None if there are none or not yet.
        clients: its client connections.
        idle: its unused upstream connections.
        counts: what it has done.
        listeners: one for each address, in the order of the configuration.
    """

    log = Logger()

    def __init__(
        self,
        service: VirtualService,
        shared: Shared,
        finished: Sequence[Finished],
        counts: ServiceCounts | None = None,
    ) -> None:
        self.service = service
        self.rules: RunningRules | None = None
        self.counts = counts or ServiceCounts()
        self.idle = IdleConnections()
        self.listeners: tuple[Listener, ...] = ()
        self._shared = shared
        self._upstream_supplies: UpstreamSupplies | None = None
        self._tell(finished)
        self._made_by = _made_by(service)
        self.clients = self._clients()
        self._touched = shared.clock()

    def _tell(self, finished: Sequence[Finished]) -> None:
        service = self.service
        service.finished = (self.counts.finished, *finished, *service.finished)

    # ---- when it is made, and when its settings change ----

    def heed(self, finished: Sequence[Finished]) -> None:
        """The service has become another: let new work be done as it now says.

        What is under way ends as it began. Connections of clients stay open, those to servers as
        well unless they were made by settings of another kind.
        """
        self._tell(finished)
        made_by = _made_by(self.service)
        if made_by[0] == self._made_by[0] and all(map(is_, made_by[1:], self._made_by[1:])):
            return
        former, supplies = self.clients, self._upstream_supplies
        self._made_by = made_by
        self.clients = self._clients()
        if supplies is not None and supplies is not self._upstream_supplies:
            # What is still in use by it is closed when it comes back.
            supplies.limits = replace(supplies.limits, upstream_idle=0)
            supplies.idle.close_all()
        if isinstance(self.clients, _Tunnels) and isinstance(former, _Tunnels):
            self.clients.succeed(former)
        if isinstance(self.clients, HttpClients) and isinstance(former, HttpClients):
            self.clients.succeed(former)

    def _clients(self) -> Clients:
        shared = self._shared
        settings = self.service.settings
        if settings.mode == "tcp":
            return _Tunnels(
                TcpClients(
                    self.service,
                    shared.reactor,
                    shared.dialler,
                    shared.deadlines,
                    shared.clock,
                    shared.wall,
                    shared.request_ids,
                )
            )
        supplies = ExchangeSupplies(
            self.service,
            UpstreamConnections(self._supplies_of_upstreams()),
            shared.clock,
            shared.wall,
            shared.request_ids.next,
            self._plugin_failed,
        )
        return HttpClients(supplies, shared.reactor, shared.deadlines, shared.lines)

    def _supplies_of_upstreams(self) -> UpstreamSupplies:
        """Those of before if they are right for the service as it is now."""
        before, settings = self._upstream_supplies, self.service.settings
        mode = self.service.tls
        side = mode.upstream if mode is not None else None
        if before is not None:
            same = (before.timeouts, *_limits(before.limits)) == (
                settings.timeouts,
                *_limits(settings.limits),
            )
            if same and (before.tls.side if before.tls is not None else None) is side:
                return before
        shared = self._shared
        self.idle = IdleConnections()
        tls = None
        if side is not None:
            tls = TlsDialler(
                self.service.name, side, shared.dialler, shared.reactor, shared.deadlines
            )
        self._upstream_supplies = supplies = UpstreamSupplies(
            shared.dialler,
            shared.deadlines,
            self.idle,
            shared.lines,
            settings.timeouts,
            settings.limits,
            tls,
        )
        return supplies

    def _plugin_failed(self, asked: str, error: Exception) -> None:
        service = self.service
        self.log.failure(
            "{service}: a plugin of pool {pool} was asked {asked} and raised",
            Failure(error),
            service=service.name,
            pool=service.pool.name,
            asked=asked,
        )

    # ---- its TLS, for who wants to see how it goes ----

    @property
    def handshakes(self) -> TlsAccepting | None:
        """Those of its clients, None if they speak without TLS."""
        clients = self.clients
        if isinstance(clients, _Tunnels):
            return clients.tls
        return clients.tls if isinstance(clients, HttpClients) else None

    @property
    def tls_dialler(self) -> TlsDialler | None:
        """What puts TLS on toward its servers, None if nothing does."""
        if isinstance(self.clients, _Tunnels):
            return self.clients.tls_dialler
        return self._upstream_supplies.tls if self._upstream_supplies is not None else None

    # ---- its listeners ----

    @property
    def ports(self) -> tuple[int, ...]:
        """The real port of each listener, 0 for unix sockets."""
        return tuple(listener.port for listener in self.listeners)

    def take(self, listeners: Sequence[Listener]) -> None:
        """Have these listeners, whose clients are ours from now on."""
        self.listeners = tuple(listeners)
        for listener in self.listeners:
            listener.hand_to(self.clients.accepted, self.service.settings.backlog)

    def accept(self) -> None:
        """Take clients in."""
        for listener in self.listeners:
            listener.resume()

    def leave(self, member: Member, *, drop: bool) -> None:
        """Keep no idle connection to that member; with ``drop``, cut what is under way as well."""
        self.idle.close_all(member)
        if drop:
            self.clients.leave(member)

    def deaf(self) -> None:
        """Close all listeners; open connections are not touched."""
        if self.rules is not None:
            self.rules.stop()
        for listener in self.listeners:
            listener.close()

    def rules_at_work(self, pools: Mapping[str, RuledPool]) -> None:
        """Let the rulebooks begin, and those end that are not wanted any more; ``deaf`` ends all.

        Args:
            pools: all pools, by name.
        """
        if self.rules is not None:
            self.rules.become(pools)
            return
        if self.service.rules is None:
            return
        shared = self._shared
        self.rules = RunningRules(self.service, pools, shared.reactor, shared.clock, shared.wall)
        self.rules.start()

    def let_go(self) -> None:
        """It is removed and its last client has gone: keep nothing that is large.

        What is left of it holds itself, until the collector comes by, which is seldom.
        """
        self.rules = self.service.rules = self.service.tls = None

    def touch_pins(self, now: float) -> None:
        """Keep the pins of open work in use (DESIGN 5.5); to be called about once a second."""
        if now - self._touched >= _touch_interval(self.service.pool) > 0:
            self._touched = now
            self.clients.touch(now)


def _made_by(service: VirtualService) -> tuple[ServiceSettings, TlsMode | None, object]:
    """What its clients are made with, and cannot do otherwise later."""
    tcp = service.settings.mode == "tcp"  # there a persistence may want to see first bytes
    return service.settings, service.tls, service.pool.persistence if tcp else None


def _limits(limits: Limits) -> tuple[int, int]:
    """Those that an upstream connection is made with."""
    return limits.response_header_bytes, limits.upstream_idle


def _touch_interval(pool: Pool) -> float:
    """How often pins of open work are to be touched, seconds; 0.0 for never."""
    persistence = pool.persistence
    return min(persistence.timeout / 4, _TOUCH) if persistence is not None else 0.0


class _Tunnels:
    """The clients of a service in tcp mode: a tunnel has no rest in which it could be closed."""

    def __init__(self, clients: TcpClients) -> None:
        self._clients = clients
        self.tls = clients.tls
        self.tls_dialler = clients.tls_dialler
        self.accepted = clients.accepted
        self.touch = clients.touch
        self.leave = clients.leave

    def succeed(self, former: _Tunnels) -> None:
        """Take over the clients of the same service after its settings were changed."""
        self._clients.succeed(former._clients)

    def drain(self) -> None:
        """Let tunnels end by themselves."""
        self._clients.close_idle()

    def stop(self) -> None:
        """End all tunnels now."""
        self._clients.abort_all(STOPPED)

    def __len__(self) -> int:
        return self._clients.open
