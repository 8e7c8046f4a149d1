"""The lean reactor serves ours and Twisted's own descriptors."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from kit.any_reactor import settle, until
from kit.logs import noted_log
from kit.sockets import socket_pair
from kit.streams import NotingOwner
from pointsman.net.plain_stream import PlainStream


class Shouter(Protocol):
    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data.upper())


def test_twisted_s_own_transports_and_timers_work_on_it(lean_reactor: Any) -> None:
    port = lean_reactor.listenTCP(0, Factory.forProtocol(Shouter), interface="127.0.0.1")
    called: list[int] = []
    lean_reactor.callLater(0, called.append, 1)
    with socket.create_connection(("127.0.0.1", port.getHost().port)) as sock:
        sock.setblocking(False)
        sock.send(b"abc")
        answer = bytearray()

        def answered() -> bool:
            try:
                answer.extend(sock.recv(10))
            except BlockingIOError:
                return False
            return True

        until(lean_reactor, answered)
    assert answer == b"ABC"
    assert called == [1]
    port.stopListening()
    settle(lean_reactor)


def test_a_descriptor_that_raises_is_logged_and_dropped_and_the_others_go_on(
    lean_reactor: Any,
) -> None:
    class Broken(NotingOwner):
        def data_received(self, data: bytes) -> None:
            raise ValueError("owner at fault")

    ours, theirs = socket_pair()
    fine, other = socket_pair()
    broken, good = Broken(), NotingOwner()
    PlainStream(lean_reactor, ours, broken).resume()
    PlainStream(lean_reactor, fine, good).resume()
    theirs.send(b"x")
    other.send(b"y")
    with noted_log() as events:
        until(lean_reactor, lambda: broken.is_lost and good.data)
    assert any("log_failure" in event for event in events)
    for sock in (theirs, fine, other):
        sock.close()


def test_a_descriptor_closed_earlier_in_the_turn_is_not_served(lean_reactor: Any) -> None:
    class Murderer(NotingOwner):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            for stream in streams:
                stream.abort()

    pairs = [socket_pair() for _ in range(3)]
    owners = [Murderer() for _ in pairs]
    streams = [
        PlainStream(lean_reactor, ours, owner)
        for (ours, _), owner in zip(pairs, owners, strict=True)
    ]
    for stream, (_, theirs) in zip(streams, pairs, strict=True):
        stream.resume()
        theirs.send(b"x")
    settle(lean_reactor)
    assert sorted(bytes(owner.data) for owner in owners) == [b"", b"", b"x"]
    assert all(owner.losses == [None] for owner in owners)
    for _, theirs in pairs:
        theirs.close()


def test_whoever_gets_the_number_of_a_closed_descriptor_does_not_get_its_end(
    lean_reactor: Any,
) -> None:
    class Heir(NotingOwner):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            number = doomed.fileno()
            doomed.abort()
            ours, self.theirs = socket_pair()
            self.heir = NotingOwner()
            self.line = PlainStream(lean_reactor, ours, self.heir)
            assert ours.fileno() == number
            self.line.resume()

    first, speaks = socket_pair()
    second, hangs_up = socket_pair(small=True)
    owner = Heir()
    stream = PlainStream(lean_reactor, first, owner)
    stream.resume()
    doomed = PlainStream(lean_reactor, second, NotingOwner())
    doomed.write(b"x" * 1_000_000)  # watched for writing only, so that its end is a bare hang-up
    speaks.send(b"first")
    hangs_up.close()
    lean_reactor.iterate(0)
    assert owner.data == b"first"
    assert not owner.heir.is_lost
    owner.theirs.send(b"second")
    until(lean_reactor, lambda: owner.heir.data)
    stream.abort()
    owner.line.abort()
    for sock in (speaks, owner.theirs):
        sock.close()


def test_forgotten_descriptors_leave_nothing_behind(lean_reactor: Any) -> None:
    before = len(lean_reactor.getReaders()) + len(lean_reactor.getWriters())
    for _ in range(50):
        ours, theirs = socket_pair(small=True)
        stream = PlainStream(lean_reactor, ours, NotingOwner())
        stream.resume()
        stream.write(b"x" * 1_000_000)
        lean_reactor.iterate(0)
        stream.abort()
        theirs.close()
    assert len(lean_reactor.getReaders()) + len(lean_reactor.getWriters()) == before


@pytest.mark.parametrize("turns", [1, 3])
def test_an_interrupted_wait_is_no_error(lean_reactor: Any, turns: int) -> None:
    class Interrupted:
        def poll(self, *args: Any) -> list[Any]:
            raise InterruptedError(4, "Interrupted system call")

    poller, lean_reactor._poller = lean_reactor._poller, Interrupted()
    for _ in range(turns):
        lean_reactor.doPoll(0)
    lean_reactor._poller = poller


def test_timers_follow_no_clock_that_can_be_set_back(lean_reactor: Any) -> None:
    before = time.monotonic()
    assert before <= lean_reactor.seconds() <= time.monotonic()
