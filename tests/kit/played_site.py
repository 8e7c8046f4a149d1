"""A service in http mode without sockets: real connections and exchanges over played streams."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.task import Clock

from kit.recorders import FACTS, FirstOf
from kit.streams import PlayedStream
from pointsman.contracts import Persistence
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.errors import UpstreamError
from pointsman.model.record import ExchangeRecord
from pointsman.model.server import RealServer
from pointsman.model.service import Limits, ServiceSettings, Timeouts
from pointsman.net.call import Dialled
from pointsman.net.client import ClientConnection
from pointsman.net.client_supplies import ClientSupplies
from pointsman.net.idle import IdleConnections
from pointsman.net.upstream import UpstreamConnections
from pointsman.net.upstream_supplies import UpstreamSupplies

# No test needs as many turns; a loop that does not end is a bug.
MOST_TURNS = 100_000


class PlayedCall:
    """A call to a server that is under way until the test ends it."""

    def __init__(self, site: PlayedSite, owner: Dialled) -> None:
        self.site = site
        self.owner = owner
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def connects(self) -> PlayedStream:
        """The server accepts."""
        return self.site.connect(self.owner)

    def fails(self, words: str = "Connection refused") -> None:
        self.owner.dial_failed(UpstreamError("connect", words, retryable=True))


class PlayedSite:
    """One virtual service; the test plays its clients and its servers.

    Args:
        servers: how many, named a, b, c ...

    Attributes:
        dials: what the next dials meet, in turn: "refused", "waits"; all others connect at once.
        calls: the dials that wait.
        servers: our streams to servers, in the order in which they were connected.
        gone: client connections that have ended.
    """

    def __init__(
        self,
        servers: int = 1,
        *,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        persistence: Persistence | None = None,
        allow_connect: bool = False,
    ) -> None:
        self.deadlines = Deadlines(1000)
        self.members = [Member(RealServer(name)) for name in "abcdefgh"[:servers]]
        self.pool = Pool("pool", self.members, FirstOf(), persistence)
        self.settings = settings = ServiceSettings(
            "service",
            (Address("127.0.0.1", 80),),
            timeouts=timeouts or Timeouts(),
            limits=limits or Limits(),
            allow_connect=allow_connect,
        )
        self.records: list[ExchangeRecord] = []
        self.service = VirtualService(settings, self.pool, finished=[self.records.append])
        self.dials: list[str] = []
        self.calls: list[PlayedCall] = []
        self.servers: list[PlayedStream] = []
        self.clients: list[PlayedStream] = []
        self.gone: list[ClientConnection] = []
        self.idle = IdleConnections()
        self.lines = FieldLines()
        self.clock = Clock()  # of what is put off to the next turn
        self.upstream_supplies = UpstreamSupplies(
            cast(Any, self), self.deadlines, self.idle, self.lines, settings.timeouts,
            settings.limits,
        )  # fmt: skip
        self.supplies = ExchangeSupplies(
            self.service,
            UpstreamConnections(self.upstream_supplies),
            lambda: float(self.deadlines.now),
            lambda: 1e9,
            lambda: "id-1",
        )
        self.client_supplies = ClientSupplies(
            self.supplies, self.clock, self.deadlines, self.lines, self.gone.append
        )

    # ---- the dialler ----

    def dial(self, server: RealServer, timeout: float, owner: Dialled) -> PlayedCall | None:
        """What ``net.dial.Dialler`` does, as the test wants it."""
        meets = self.dials.pop(0) if self.dials else ""
        call = PlayedCall(self, owner)
        if meets == "waits":
            self.calls.append(call)
            return call
        if meets == "refused":
            call.fails()
        else:
            call.connects()
        return None

    def connect(self, owner: Dialled) -> PlayedStream:
        stream = PlayedStream(owner)
        self.servers.append(stream)
        owner.dialled(stream)
        return stream

    # ---- the clients ----

    def client(self) -> PlayedStream:
        """A client connects; its stream, and ``connection_of`` the other side."""
        connection = ClientConnection(self.client_supplies, FACTS)
        stream = PlayedStream(connection)
        self.clients.append(stream)
        connection.start(stream)
        return stream

    def asks(self, data: bytes) -> PlayedStream:
        """A client connects and sends these bytes."""
        client = self.client()
        self.plays(client, data)
        return client

    def plays(self, stream: PlayedStream, data: bytes, *, ends: bool = False) -> None:
        """The peer of ``stream`` sends these bytes, and ends; then everything that follows."""
        if data:
            stream.sent.append(data)
        stream.peer_ended = stream.peer_ended or ends
        self.settle()

    def settle(self) -> None:
        """Turn until nobody has anything to read."""
        for _ in range(MOST_TURNS):
            if any(_reads(stream) for stream in (*self.clients, *self.servers)):
                continue
            if not self.clock.getDelayedCalls():
                return
            self.clock.advance(0)
        raise AssertionError("this never ends")

    def passes(self, seconds: int) -> None:
        """Let that much time pass."""
        for _ in range(seconds):
            self.deadlines.tick(self.deadlines.now + 1)
            self.settle()

    @property
    def server(self) -> PlayedStream:
        """The stream to a server that was connected last."""
        return self.servers[-1]

    @property
    def ends(self) -> list[str]:
        """How the exchanges ended."""
        return [record.termination for record in self.records]

    def check_counters(self) -> None:
        """Nothing is under way: every counter is back."""
        assert [member.active for member in self.members] == [0] * len(self.members)
        assert [member.tunnels for member in self.members] == [0] * len(self.members)


def connection_of(stream: PlayedStream) -> ClientConnection:
    """The protocol on our side of a client's stream."""
    assert isinstance(stream.owner, ClientConnection)
    return stream.owner


def _reads(stream: PlayedStream) -> bool:
    before = len(stream.sent), stream._end_told, stream.lost
    stream.turn()
    return (len(stream.sent), stream._end_told, stream.lost) != before
