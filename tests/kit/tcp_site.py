"""A virtual service in tcp mode on sockets: the test plays its clients and its dials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.task import Clock

from kit.any_reactor import until
from kit.sockets import PlayedPeer, socket_pair
from pointsman.contracts import Arrival, Candidate, Persistence
from pointsman.contracts.tls import TlsMode
from pointsman.core.deadlines import Deadlines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.request_ids import RequestIds
from pointsman.core.virtual_service import Route, VirtualService
from pointsman.model.address import Address
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import UpstreamError
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.record import STOPPED, ExchangeRecord
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings
from pointsman.net.call import Call, Dialled
from pointsman.net.tcp_clients import TcpClients

HERE = "127.0.0.1"
PEER = ("192.0.2.7", 5555)


class First:
    """A scheduler that takes the first candidate and notes who asked."""

    wants_first_byte = False

    def __init__(self) -> None:
        self.arrivals: list[tuple[str, object, ConnectionFacts]] = []

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        self.arrivals.append((arrival.client_ip, arrival.request, arrival.connection))
        return candidates[0]

    def keep(self, names: Sequence[str]) -> None: ...

    def first_byte(self, candidate: Candidate, seconds: float) -> None: ...


class Attempt:
    """One dial, until the test says how it ended."""

    def __init__(self, server: RealServer, owner: Dialled) -> None:
        self.server = server
        self.owner = owner
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def fail(self, number: int = 0) -> None:
        error = UpstreamError("connect", "refused", retryable=True, errno=number)
        self.owner.dial_failed(error)


class Dials:
    """A dialler that waits for the test; or fails, or succeeds, at once."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.fail_at_once = False

    def dial(self, server: RealServer, timeout: float, owner: Dialled) -> Call | None:
        attempt = Attempt(server, owner)
        self.attempts.append(attempt)
        if self.fail_at_once:
            attempt.fail()
            return None
        return attempt


class Site:
    """A tcp service with some members, on a reactor of the test."""

    def __init__(
        self,
        reactor: Any,
        members: int = 2,
        *,
        tls: TlsMode | None = None,
        route: Route | None = None,
        max_connections: int = 0,
        pool_settings: PoolSettings | None = None,
        persistence: Persistence | None = None,
        **settings: Any,
    ) -> None:
        self.reactor = reactor
        self.dials = Dials()
        self.clock = Clock()
        self.members = [
            Member(RealServer(name, Address(HERE, 1), max_connections=max_connections))
            for name in "abcdef"[:members]
        ]
        self.scheduler = First()
        self.records: list[ExchangeRecord] = []
        self.connected: list[tuple[str, ConnectionFacts]] = []
        self.pool = Pool("pool", self.members, self.scheduler, persistence, settings=pool_settings)
        self.service = VirtualService(
            ServiceSettings("site", (Address(HERE, 0),), mode="tcp", **settings),
            self.pool,
            finished=[self.records.append],
            connected=[lambda name, facts: self.connected.append((name, facts))],
            tls=tls,
            route=route,
        )
        self.deadlines = Deadlines(0)
        self.clients = TcpClients(
            self.service,
            reactor,
            self.dials,  # type: ignore[arg-type]
            self.deadlines,
            self.clock.seconds,
            lambda: 1000.0,
            RequestIds("id"),
        )
        self.peers: list[PlayedPeer] = []

    def come(self) -> PlayedPeer:
        ours, theirs = socket_pair()
        peer = PlayedPeer(theirs)
        self.peers.append(peer)
        self.clients.accepted(ours, PEER)
        return peer

    def until(self, condition: Any) -> None:
        until(self.reactor, condition)

    @property
    def reasons(self) -> list[str]:
        return [record.termination for record in self.records]

    def check_quiet(self) -> None:
        """Every counter is back where it was (DESIGN 5.8)."""
        assert [(member.active, member.tunnels) for member in self.members] == [(0, 0)] * len(
            self.members
        )
        assert self.service.connections == self.clients.open == 0
        assert self.service.accepted == self.service.exchanges == len(self.records)

    def close(self) -> None:
        self.clients.abort_all(STOPPED)
        self.check_quiet()
        for peer in self.peers:
            peer.close()
        self.clients.pipes.close()
