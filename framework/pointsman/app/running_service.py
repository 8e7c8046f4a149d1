"""One virtual service at work: its listeners, its clients and its idle upstream connections."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.metrics import ServiceCounts
from pointsman.app.running_rules import RunningRules
from pointsman.contracts.rules import RuledPool
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.request_ids import RequestIds
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import Finished, VirtualService
from pointsman.model.record import STOPPED
from pointsman.net.dial import Dialler
from pointsman.net.http_clients import HttpClients
from pointsman.net.idle import IdleConnections
from pointsman.net.listener import Listener
from pointsman.net.tcp_clients import TcpClients
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
        self, service: VirtualService, shared: Shared, finished: Sequence[Finished]
    ) -> None:
        self.service = service
        self.rules: RunningRules | None = None
        self._shared = shared
        self.counts = ServiceCounts()
        self.idle = IdleConnections()
        service.finished = (self.counts.finished, *finished, *service.finished)
        self.clients = self._clients(shared)
        self._touch_every = _touch_interval(service.pool)
        self._touched = shared.clock()
        settings = service.settings
        self.listeners = tuple(
            Listener(shared.reactor, address, settings.backlog, self.clients.accepted)
            for address in settings.listen
        )

    def _clients(self, shared: Shared) -> Clients:
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
        upstreams = UpstreamConnections(
            UpstreamSupplies(
                shared.dialler,
                shared.deadlines,
                self.idle,
                shared.lines,
                settings.timeouts,
                settings.limits,
                self._tls_dialler(shared),
            )
        )
        supplies = ExchangeSupplies(
            self.service,
            upstreams,
            shared.clock,
            shared.wall,
            shared.request_ids.next,
            self._plugin_failed,
        )
        return HttpClients(supplies, shared.reactor, shared.deadlines, shared.lines)

    def _plugin_failed(self, asked: str, error: Exception) -> None:
        service = self.service
        self.log.failure(
            "{service}: a plugin of pool {pool} was asked {asked} and raised",
            Failure(error),
            service=service.name,
            pool=service.pool.name,
            asked=asked,
        )

    def _tls_dialler(self, shared: Shared) -> TlsDialler | None:
        mode = self.service.tls
        if mode is None or mode.upstream is None:
            return None
        name, reactor = self.service.name, shared.reactor
        return TlsDialler(name, mode.upstream, shared.dialler, reactor, shared.deadlines)

    @property
    def ports(self) -> tuple[int, ...]:
        """The real port of each listener, 0 for unix sockets."""
        return tuple(listener.port for listener in self.listeners)

    def listen(self) -> None:
        """Bind all addresses; clients wait in the kernel's queue until ``accept``.

        Raises:
            ListenError: names the address; those before it are open and are closed by ``deaf``.
        """
        for listener in self.listeners:
            listener.pause()
            listener.open()

    def accept(self) -> None:
        """Take clients in."""
        for listener in self.listeners:
            listener.resume()

    def rules_at_work(self, pools: Mapping[str, RuledPool]) -> None:
        """Let the rulebooks begin; ``deaf`` ends them."""
        if self.service.rules is not None and self.rules is None:
            shared = self._shared
            self.rules = RunningRules(
                self.service, pools, shared.reactor, shared.clock, shared.wall
            )
            self.rules.start()

    def touch_pins(self, now: float) -> None:
        """Keep the pins of open work in use (DESIGN 5.5); to be called about once a second."""
        if now - self._touched >= self._touch_every > 0:
            self._touched = now
            self.clients.touch(now)

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


def _touch_interval(pool: Pool) -> float:
    """How often pins of open work are to be touched, seconds; 0.0 for never."""
    persistence = pool.persistence
    return min(persistence.timeout / 4, _TOUCH) if persistence is not None else 0.0


class _Tunnels:
    """The clients of a service in tcp mode: a tunnel has no rest in which it could be closed."""

    def __init__(self, clients: TcpClients) -> None:
        self._clients = clients
        self.accepted = clients.accepted
        self.touch = clients.touch
        self.leave = clients.leave

    def drain(self) -> None:
        """Let tunnels end by themselves."""
        self._clients.close_idle()

    def stop(self) -> None:
        """End all tunnels now."""
        self._clients.abort_all(STOPPED)

    def __len__(self) -> int:
        return self._clients.open
