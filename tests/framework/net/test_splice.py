"""Bulk through kernel pipes: whole, bounded, and without splice as well."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import socket
from functools import partial
from typing import Any

import pytest

from kit.any_reactor import until
from kit.sockets import PlayedPeer, socket_pair
from kit.streams import NotingOwner
from pointsman.core.deadlines import Deadlines
from pointsman.model.record import OK
from pointsman.net import splice
from pointsman.net.plain_stream import PlainStream
from pointsman.net.relay import Relay
from pointsman.net.socket_side import SocketSide
from pointsman.net.splice import Pipe, Pipes

MIB = 1 << 20


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_pipe_moves_bytes_and_knows_what_it_holds() -> None:
    ours, theirs = socket_pair()
    pipe = Pipe()
    with pytest.raises(BlockingIOError):
        pipe.fill(ours.fileno())
    theirs.send(b"hello")
    until_readable(ours)
    assert (pipe.fill(ours.fileno()), pipe.held) == (5, 5)
    assert pipe.drain(ours.fileno())
    until_readable(theirs)
    assert theirs.recv(10) == b"hello"
    theirs.send(b"back")
    until_readable(ours)
    pipe.fill(ours.fileno())
    assert pipe.take_back() == b"back"
    assert pipe.held == 0
    theirs.close()
    until_readable(ours)
    assert pipe.fill(ours.fileno()) == 0
    pipe.close()
    ours.close()


def until_readable(sock: socket.socket) -> None:
    sock.setblocking(True)
    sock.settimeout(5)
    try:
        sock.recv(1, socket.MSG_PEEK)
    finally:
        sock.setblocking(False)


def test_empty_pipes_are_used_again_and_others_never() -> None:
    before = open_descriptors()
    pipes = Pipes(keep=1)
    one, two = pipes.take(), pipes.take()
    assert one is not None
    assert two is not None
    pipes.give(one)
    pipes.give(two)  # one is enough
    assert pipes.take() is one
    one.held = 1
    pipes.give(one)
    three = pipes.take()
    assert three is not None
    assert three is not one
    pipes.give(three)
    pipes.close()
    assert open_descriptors() == before


def test_without_descriptors_or_splice_there_is_no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(flags: int) -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe2", none_left)
    assert Pipes().take() is None
    monkeypatch.undo()
    monkeypatch.setattr(splice, "CAN_SPLICE", False)
    assert Pipes().take() is None


def test_a_pipe_that_may_not_grow_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: Any) -> int:
        raise PermissionError

    monkeypatch.setattr(fcntl, "fcntl", refused)
    Pipe().close()


class Flood:
    """A tunnel that carries a flood; the test is both ends of it."""

    def __init__(self, reactor: Any, pipes: Pipes | None = None) -> None:
        self.reactor = reactor
        self.pipes = pipes or Pipes()
        ours, theirs = socket_pair()
        our_other, their_other = socket_pair()
        self.source, self.sink = theirs, their_other
        self.reasons: list[str] = []
        self.relay = Relay(
            PlainStream(reactor, ours, NotingOwner()),
            PlainStream(reactor, our_other, NotingOwner()),
            Deadlines(0),
            60,
            lambda relay, reason: self.reasons.append(reason),
            pipes=self.pipes,
        )
        side = self.relay._client
        assert isinstance(side, SocketSide)
        self.side = side

    def carry(self, size: int) -> bool:
        """Push so many bytes through, check each, end both directions; whether a pipe was seen."""
        block = os.urandom(MIB)
        sent, received = hashlib.sha256(), hashlib.sha256()
        left, came, was_bulk = size, 0, False
        self.sink.setblocking(False)
        view = memoryview(block)
        at = 0

        def flow() -> bool:
            nonlocal left, came, at, was_bulk
            while left:
                try:
                    count = self.source.send(view[at : at + min(left, MIB - at)])
                except BlockingIOError:
                    break
                sent.update(view[at : at + count])
                at = (at + count) % MIB
                left -= count
                if not left:
                    self.source.shutdown(socket.SHUT_WR)
            was_bulk = was_bulk or self.side._pipe is not None
            while True:
                try:
                    data = self.sink.recv(MIB)
                except BlockingIOError:
                    return False
                came += len(data)
                received.update(data)
                if not data:
                    return True

        until(self.reactor, flow, seconds=240)
        assert came == size
        assert sent.digest() == received.digest()
        self.sink.close()
        until(self.reactor, lambda: self.reasons)
        self.source.close()
        assert self.reasons == [OK]
        return was_bulk


def test_64_mib_whole_in_bounded_memory(any_reactor: Any) -> None:
    Flood(any_reactor).carry(4 * MIB)  # what is allocated once
    before = open_descriptors()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = Flood(any_reactor)
    assert flood.carry(60 * MIB)
    flood.pipes.close()
    assert open_descriptors() <= before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 8 * 1024  # KiB


@pytest.mark.slow
def test_1_gib_whole_in_bounded_memory(lean_reactor: Any) -> None:
    Flood(lean_reactor).carry(4 * MIB)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Flood(lean_reactor).carry(1024 * MIB)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 8 * 1024  # KiB


def test_without_splice_bulk_is_carried_all_the_same(
    lean_reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splice, "CAN_SPLICE", False)
    assert not Flood(lean_reactor).carry(8 * MIB)


@pytest.mark.parametrize("step", ["fill", "drain"])
def test_where_sockets_cannot_be_spliced_the_bytes_are_read_back(
    lean_reactor: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    tried: list[int] = []

    def refuse(pipe: Pipe, fd: int) -> bool:
        tried.append(fd)
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(Pipe, step, refuse)
    Flood(lean_reactor).carry(8 * MIB)
    assert len(tried) == 1


def test_a_direction_becomes_chatty_again_and_gives_its_pipe_back(lean_reactor: Any) -> None:
    flood = Flood(lean_reactor)
    sink = PlayedPeer(flood.sink)
    source = PlayedPeer(flood.source)
    size = 8 * MIB
    source.send(bytes(size))
    bulk: list[bool] = []

    def arrived() -> bool:
        bulk.append(flood.side._pipe is not None)
        return sink.has(size) | source.push() & (len(sink.received) == size)

    until(lean_reactor, arrived)
    assert any(bulk)
    for count in range(1, 40):
        flood.source.send(b"x")
        until(lean_reactor, partial(sink.has, size + count))
    assert flood.side._pipe is None
    assert len(flood.pipes._free) == 1
    flood.relay.abort("stopped")
    flood.source.close()
    flood.sink.close()
    flood.pipes.close()
