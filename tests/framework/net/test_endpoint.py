"""Twisted client endpoints behind our streams."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from kit.any_reactor import settle, until
from kit.sockets import PlayedPeer, reset
from kit.streams import NotingOwner
from pointsman.net.endpoint import EndpointStream, check_endpoint, dial_endpoint
from pointsman.net.stream import HIGH_WATER

HERE = "127.0.0.1"


class Joined:
    """A stream that an endpoint connected, and the server that the test plays."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.owner = NotingOwner()
        with socket.create_server((HERE, 0)) as listener:
            self.place = listener.getsockname()
            call = dial_endpoint(reactor, f"tcp:{HERE}:{self.place[1]}", 5, self.owner)
            assert call is not None
            until(reactor, lambda: self.owner.stream)
            sock, _ = listener.accept()
        sock.setblocking(False)
        self.peer = PlayedPeer(sock)
        assert self.owner.stream is not None
        self.stream = self.owner.stream

    def until(self, condition: Any) -> None:
        until(self.reactor, condition)


@pytest.fixture
def joined(any_reactor: Any) -> Iterator[Joined]:
    joined = Joined(any_reactor)
    yield joined
    joined.stream.abort()
    joined.until(lambda: joined.owner.is_lost)
    joined.peer.close()
    assert len(joined.owner.losses) == 1


def test_bytes_go_both_ways_and_only_while_reading(joined: Joined) -> None:
    joined.peer.sock.send(b"one")
    settle(joined.reactor)
    assert joined.owner.data == b""
    joined.stream.resume()
    joined.until(lambda: joined.owner.data == b"one")
    joined.stream.pause()
    joined.peer.sock.send(b"two")
    settle(joined.reactor)
    assert joined.owner.data == b"one"
    joined.stream.resume()
    joined.until(lambda: joined.owner.data == b"onetwo")
    joined.stream.write(b"answer")
    joined.until(lambda: joined.peer.has(6))
    assert joined.stream.peer == joined.place


def test_a_slow_reader_blocks_and_drains(joined: Joined) -> None:
    big = b"x" * (32 * HIGH_WATER)
    joined.stream.write(big)
    joined.stream.write(big)
    assert joined.owner.flow == ["blocked"]
    assert joined.stream.waiting > HIGH_WATER
    joined.until(lambda: joined.peer.has(2 * len(big)))
    joined.until(lambda: joined.owner.flow == ["blocked", "drained"])
    assert joined.stream.waiting == 0


def test_half_close_both_ways(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(b"x" * 1_000_000)
    joined.stream.finish()
    joined.stream.write(b"ignored")
    joined.until(lambda: joined.peer.pull())
    assert len(joined.peer.received) == 1_000_000
    joined.peer.sock.send(b"answer")
    joined.until(lambda: joined.owner.data == b"answer")
    joined.peer.sock.shutdown(socket.SHUT_WR)
    joined.until(lambda: joined.owner.ended)
    assert joined.owner.ended == 1
    joined.stream.close()
    joined.until(lambda: joined.owner.is_lost)
    assert joined.owner.losses == [None]


def test_close_writes_what_waits(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(b"x" * 2_000_000)
    joined.stream.close()
    joined.until(lambda: joined.peer.pull())
    assert len(joined.peer.received) == 2_000_000
    joined.until(lambda: joined.owner.is_lost)
    assert joined.owner.losses == [None]


def test_abort_resets_and_a_reset_is_an_error(any_reactor: Any) -> None:
    ours, theirs = Joined(any_reactor), Joined(any_reactor)
    ours.stream.write(b"x" * 2_000_000)
    ours.stream.abort()
    ours.until(lambda: ours.peer.pull())
    assert ours.peer.broken
    ours.until(lambda: ours.owner.is_lost)
    assert ours.owner.losses == [None]
    theirs.stream.resume()
    reset(theirs.peer.sock)
    theirs.until(lambda: theirs.owner.is_lost)
    assert isinstance(theirs.owner.losses[0], Exception)
    ours.peer.close()


def test_a_refusal_is_told(lean_reactor: Any) -> None:
    owner = NotingOwner()
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        dial_endpoint(lean_reactor, f"tcp:{HERE}:{sock.getsockname()[1]}", 5, owner)
        until(lean_reactor, lambda: owner.failure)
    assert "refused" in str(owner.failure)
    assert owner.failure is not None
    assert owner.failure.retryable


def test_silence_ends_with_the_time() -> None:
    owner = NotingOwner()
    reactor = MemoryReactorClock()
    assert dial_endpoint(reactor, "tcp:192.0.2.1:80", 3, owner) is not None
    reactor.advance(2.9)
    assert owner.failure is None
    reactor.advance(0.2)
    assert str(owner.failure) == "timed out"


def test_a_cancelled_call_is_silent() -> None:
    owner = NotingOwner()
    reactor = MemoryReactorClock()
    call = dial_endpoint(reactor, "tcp:192.0.2.1:80", 3, owner)
    assert call is not None
    call.cancel()
    call.cancel()
    reactor.advance(100)
    assert owner.failure is None


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "nonsense:1", "tcp", "tcp:host", "tcp:host=a:port=b", "unix", "tcp:a:1:x=2"],
)
def test_a_bad_endpoint_is_refused_when_checked_and_when_dialled(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Twisted client endpoint"):
        check_endpoint(Clock(), text)
    owner = NotingOwner()
    assert dial_endpoint(Clock(), text, 3, owner) is None
    assert owner.failure is not None
    assert not owner.failure.retryable


@pytest.mark.parametrize(
    "text", ["tcp:host=127.0.0.1:port=80", "tcp:a:80:timeout=3", "unix:/run/a"]
)
def test_a_good_endpoint_is_not_connected_when_checked(text: str) -> None:
    check_endpoint(Clock(), text)


class Loose(StringTransport):
    """A transport that gives bytes though it was paused, and knows no half-close."""


def loose() -> tuple[EndpointStream, NotingOwner, Loose]:
    owner, transport = NotingOwner(), Loose()  # type: ignore[no-untyped-call]
    stream = EndpointStream(owner)
    stream.makeConnection(transport)  # type: ignore[no-untyped-call]
    return stream, owner, transport


def test_bytes_that_come_while_paused_are_kept_in_order() -> None:
    stream, owner, _ = loose()
    stream.dataReceived(b"a")
    stream.dataReceived(b"b")
    assert owner.data == b""
    stream.resume()
    stream.dataReceived(b"c")
    assert owner.data == b"abc"


def test_the_end_of_a_transport_without_half_close_is_the_end_of_its_bytes() -> None:
    stream, owner, _ = loose()
    stream.dataReceived(b"last")
    stream.connectionLost(Failure(ConnectionDone()))
    assert (bytes(owner.data), owner.ended, owner.losses) == (b"last", 1, [None])
    stream.write(b"ignored")
    stream.close()
    stream.abort()
    stream.pause()
    stream.resume()
    assert owner.losses == [None]


def test_an_end_while_paused_is_told_after_the_bytes_and_again_to_a_new_owner() -> None:
    stream, owner, _ = loose()
    stream.dataReceived(b"last")
    stream.readConnectionLost()
    assert owner.ended == 0
    stream.resume()
    assert (bytes(owner.data), owner.ended) == (b"last", 1)
    successor = stream.owner = NotingOwner()
    stream.pause()
    stream.resume()
    assert successor.ended == 1
