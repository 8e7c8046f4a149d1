"""In-process servers: a stream on one side, a Twisted protocol on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request
from zope.interface import implementer

from kit.logs import noted_log
from kit.streams import NotingOwner
from pointsman.net.local import LocalServer, dial_local
from pointsman.net.stream import HIGH_WATER


class Server(Protocol):
    """Notes what it is told; nothing may come back into it while it makes a call."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost: list[Failure] = []

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.append(reason)


@implementer(IHalfCloseableProtocol)
class HalfServer(Server):
    """The same, and it knows half-close."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = 0

    def readConnectionLost(self) -> None:
        self.ends += 1

    def writeConnectionLost(self) -> None: ...


class Joined:
    """A local stream with its owner, and the protocol of the server behind it."""

    def __init__(self, protocol: Server) -> None:
        self.clock = Clock()
        self.owner = NotingOwner()
        self.protocol = protocol
        factory = Factory.forProtocol(lambda: protocol)
        self.server = LocalServer(factory)
        assert dial_local(self.clock, self.server, self.owner) is None
        assert self.owner.stream is not None
        self.stream = self.owner.stream
        self.transport: Any = protocol.transport

    def turn(self) -> None:
        for _ in range(20):
            self.clock.advance(0)


@pytest.fixture(params=[Server, HalfServer])
def joined(request: pytest.FixtureRequest) -> Joined:
    return Joined(request.param())


def test_bytes_go_both_ways_and_not_before_resume(joined: Joined) -> None:
    joined.transport.write(b"banner")
    joined.transport.writeSequence([b" ", b"of it"])
    joined.stream.write(b"question")
    joined.turn()
    assert joined.protocol.data == b"question"
    assert joined.owner.data == b""
    joined.stream.resume()
    joined.turn()
    assert joined.owner.data == b"banner of it"
    assert joined.stream.peer == ("", 0)
    assert joined.transport.getPeer().host == joined.transport.getHost().host == "127.0.0.1"


def test_our_owner_is_blocked_by_a_server_that_pauses(joined: Joined) -> None:
    joined.transport.pauseProducing()
    joined.stream.write(b"x" * HIGH_WATER)
    assert joined.owner.flow == []
    joined.stream.write(b"x")
    joined.turn()
    assert joined.owner.flow == ["blocked"]
    assert joined.stream.waiting == HIGH_WATER + 1
    joined.transport.resumeProducing()
    joined.turn()
    assert joined.owner.flow == ["blocked", "drained"]
    assert len(joined.protocol.data) == HIGH_WATER + 1


class Push:
    """A push producer that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


def test_a_push_producer_is_paused_and_resumed(joined: Joined) -> None:
    producer = Push()
    joined.transport.registerProducer(producer, True)
    with pytest.raises(RuntimeError, match="still registered"):
        joined.transport.registerProducer(producer, True)
    joined.transport.write(b"x" * (HIGH_WATER + 1))
    joined.transport.write(b"x")
    assert producer.told == ["pause"]
    joined.stream.resume()
    joined.turn()
    assert producer.told == ["pause", "resume"]
    joined.transport.loseConnection()
    joined.turn()
    assert joined.protocol.lost == []  # waits for the producer
    joined.transport.unregisterProducer()
    joined.turn()
    assert len(joined.protocol.lost) == 1
    assert joined.owner.ended == 1
    joined.transport.registerProducer(producer, True)
    assert producer.told[-1] == "stop"


def test_a_pull_producer_is_asked_whenever_the_lane_is_empty(joined: Joined) -> None:
    left = [b"c", b"b", b"a"]

    class Pull:
        def resumeProducing(self) -> None:
            joined.transport.write(left.pop())
            if not left:
                joined.transport.unregisterProducer()

        def stopProducing(self) -> None:
            raise AssertionError

    joined.stream.resume()
    joined.transport.registerProducer(Pull(), False)
    assert len(left) == 2
    joined.turn()
    assert joined.owner.data == b"abc"


def test_finish_is_a_half_close_where_the_server_knows_it() -> None:
    joined = Joined(HalfServer())
    joined.stream.resume()
    joined.stream.write(b"question")
    joined.stream.finish()
    joined.turn()
    assert isinstance(joined.protocol, HalfServer)
    assert (joined.protocol.ends, joined.protocol.lost) == (1, [])
    joined.transport.write(b"answer")
    joined.transport.loseWriteConnection()
    joined.transport.write(b"ignored")
    joined.turn()
    assert (bytes(joined.owner.data), joined.owner.ended) == (b"answer", 1)
    joined.stream.close()
    joined.turn()
    assert joined.owner.losses == [None]
    assert [reason.type for reason in joined.protocol.lost] == [ConnectionDone]


def test_finish_ends_a_server_that_does_not_know_half_close() -> None:
    joined = Joined(Server())
    joined.stream.resume()
    joined.transport.write(b"before")
    joined.stream.finish()
    joined.turn()
    assert [reason.type for reason in joined.protocol.lost] == [ConnectionDone]
    assert (bytes(joined.owner.data), joined.owner.ended) == (b"before", 1)


def test_close_delivers_what_waits_then_tells_both(joined: Joined) -> None:
    joined.stream.resume()
    joined.transport.pauseProducing()
    joined.stream.write(b"last")
    joined.stream.close()
    joined.stream.write(b"ignored")
    joined.turn()
    assert joined.owner.losses == []
    joined.transport.resumeProducing()
    joined.transport.write(b"nobody reads")
    joined.turn()
    assert joined.protocol.data == b"last"
    assert joined.owner.losses == [None]
    assert [reason.type for reason in joined.protocol.lost] == [ConnectionDone]
    assert joined.owner.data == b""


def test_no_loss_is_told_within_the_call_that_brings_it(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.abort()
    joined.stream.abort()
    assert joined.owner.losses == []
    assert joined.protocol.lost == []
    joined.turn()
    assert joined.owner.losses == [None]
    assert len(joined.protocol.lost) == 1
    joined.stream.resume()
    joined.stream.close()
    joined.turn()
    assert joined.owner.losses == [None]


def test_a_server_that_aborts_is_a_reset_for_us(joined: Joined) -> None:
    joined.stream.resume()
    joined.transport.write(b"dropped")
    joined.transport.abortConnection()
    joined.turn()
    assert [reason.type for reason in joined.protocol.lost] == [ConnectionAborted]
    assert isinstance(joined.owner.losses[0], ConnectionResetError)
    assert joined.owner.data == b""


def test_a_server_that_closes_ends_and_what_we_still_write_is_answered_by_a_reset(
    joined: Joined,
) -> None:
    joined.stream.resume()
    joined.transport.write(b"bye")
    joined.transport.loseConnection()
    joined.turn()
    assert (bytes(joined.owner.data), joined.owner.ended) == (b"bye", 1)
    assert joined.owner.losses == []
    joined.stream.write(b"too late")
    joined.turn()
    assert isinstance(joined.owner.losses[0], ConnectionResetError)


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    with noted_log() as events:
        yield events


def test_a_server_that_raises_is_dropped(logged: list[LogEvent]) -> None:
    class Raising(Server):
        def dataReceived(self, data: bytes) -> None:
            raise ValueError("at fault")

    joined = Joined(Raising())
    joined.stream.resume()
    joined.stream.write(b"x")
    joined.turn()
    assert isinstance(joined.owner.losses[0], ConnectionResetError)
    assert len(joined.protocol.lost) == 1
    assert any("log_failure" in event for event in logged)


def test_servers_that_refuse_or_break_fail_the_dial(logged: list[LogEvent]) -> None:
    class Refusing(Factory):
        def buildProtocol(self, addr: Any) -> None:
            return None

    class Breaking(Factory):
        def buildProtocol(self, addr: Any) -> Protocol:
            raise ValueError("at fault")

    class BreakingLater(Protocol):
        def connectionMade(self) -> None:
            raise ValueError("at fault as well")

    for factory, says in (
        (Refusing(), "the in-process server refused the connection"),
        (Breaking(), "in-process server: at fault"),
        (Factory.forProtocol(BreakingLater), "in-process server: at fault as well"),
    ):
        owner = NotingOwner()
        dial_local(Clock(), LocalServer(factory), owner)
        assert owner.stream is None
        assert str(owner.failure) == says
        assert owner.failure is not None
        assert owner.failure.retryable


def test_what_is_neither_factory_nor_resource_is_refused() -> None:
    with pytest.raises(TypeError, match="expected an IProtocolFactory or an IResource, got 5"):
        LocalServer(5)


def test_a_web_resource_answers_and_its_site_is_stopped() -> None:
    class Hello(Resource):
        isLeaf = True

        def render_GET(self, request: Request) -> bytes:
            return b"hello from %b" % request.path

        def render_POST(self, request: Request) -> bytes:
            assert request.content is not None
            return b"%d" % len(request.content.read())

    clock = Clock()
    server = LocalServer(Hello())  # type: ignore[no-untyped-call]
    owner = NotingOwner()
    dial_local(clock, server, owner)
    assert owner.stream is not None
    owner.stream.resume()
    owner.stream.write(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(10):
        clock.advance(0)
    assert owner.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert owner.data.endswith(b"hello from /x")
    owner.stream.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
    for _ in range(200):
        owner.stream.write(b"x" * 1000)
        clock.advance(0)
    assert owner.data.endswith(b"200000")
    owner.stream.close()
    clock.advance(0)
    assert owner.losses == [None]
    server.stop()
    server.stop()
    clock.advance(100)
    assert clock.getDelayedCalls() == []
