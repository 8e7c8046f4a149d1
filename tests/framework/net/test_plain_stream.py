"""Write-through streams over real sockets, on every reactor."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle, until
from kit.sockets import PlayedPeer, reset, socket_pair
from kit.streams import NotingOwner
from pointsman.net.plain_stream import READ_SIZE, PlainStream
from pointsman.net.stream import HIGH_WATER

BIG = bytes(range(256)) * 2048  # 512 KiB, more than the buffers of small sockets hold


class Joined:
    """A stream, its owner, and a peer that the test plays."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        ours, theirs = socket_pair(small=True)
        self.peer = PlayedPeer(theirs)
        self.owner = NotingOwner()
        self.sock = ours
        self.stream = PlainStream(reactor, ours, self.owner)

    def until_lost(self) -> None:
        until(self.reactor, lambda: self.owner.is_lost)


@pytest.fixture
def joined(any_reactor: Any) -> Iterator[Joined]:
    joined = Joined(any_reactor)
    yield joined
    joined.stream.abort()
    joined.peer.close()
    assert len(joined.owner.losses) <= 1


def test_reads_only_after_resume_and_not_while_paused(joined: Joined) -> None:
    joined.peer.sock.send(b"one")
    settle(joined.reactor)
    assert not joined.owner.data
    joined.stream.resume()
    joined.stream.resume()
    until(joined.reactor, lambda: joined.owner.data == b"one")
    joined.stream.pause()
    joined.stream.pause()
    joined.peer.sock.send(b"two")
    settle(joined.reactor)
    assert joined.owner.data == b"one"
    joined.stream.resume()
    until(joined.reactor, lambda: joined.owner.data == b"onetwo")


def test_a_small_write_is_sent_at_once(joined: Joined) -> None:
    joined.stream.write(b"now")
    assert joined.stream.waiting == 0
    assert joined.peer.sock.recv(10) == b"now"


def test_a_reader_that_is_slow_gets_everything_in_order_and_blocks_the_writer(
    joined: Joined,
) -> None:
    joined.stream.write(BIG[:-5])
    joined.stream.write(BIG[-5:])
    assert joined.owner.flow == ["blocked"]
    assert joined.stream.waiting > HIGH_WATER
    until(joined.reactor, lambda: joined.peer.has(len(BIG)))
    assert joined.peer.received == BIG
    until(joined.reactor, lambda: joined.owner.flow == ["blocked", "drained"])
    assert joined.stream.waiting == 0


def test_finish_sends_the_rest_and_still_reads(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(BIG)
    joined.stream.finish()
    joined.stream.write(b"ignored")
    until(joined.reactor, lambda: joined.peer.pull())
    assert joined.peer.received == BIG
    joined.peer.sock.send(b"answer")
    until(joined.reactor, lambda: joined.owner.data == b"answer")
    assert not joined.owner.is_lost


def test_the_end_of_the_peer_is_told_and_we_can_still_write(joined: Joined) -> None:
    joined.stream.resume()
    joined.peer.sock.send(b"last")
    joined.peer.sock.shutdown(socket.SHUT_WR)
    until(joined.reactor, lambda: joined.owner.ended)
    settle(joined.reactor)
    assert joined.owner.ended == 1
    assert joined.owner.data == b"last"
    joined.stream.write(BIG)
    until(joined.reactor, lambda: joined.peer.has(len(BIG)))


def test_a_new_owner_learns_of_the_end_when_it_resumes(joined: Joined) -> None:
    joined.stream.resume()
    joined.peer.sock.shutdown(socket.SHUT_WR)
    until(joined.reactor, lambda: joined.owner.ended)
    successor = joined.stream.owner = NotingOwner()
    joined.stream.resume()
    until(joined.reactor, lambda: successor.ended)


def test_close_with_nothing_waiting_is_told_at_once(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(b"bye")
    joined.stream.close()
    assert joined.owner.losses == [None]
    until(joined.reactor, lambda: joined.peer.pull())
    assert joined.peer.received == b"bye"
    assert not joined.peer.broken


@pytest.mark.parametrize("when", ["never", "before", "after"])
def test_close_delivers_what_waits_even_to_a_peer_that_has_finished_sending(
    joined: Joined, when: str
) -> None:
    joined.stream.resume()
    if when == "before":
        joined.peer.sock.shutdown(socket.SHUT_WR)
        until(joined.reactor, lambda: joined.owner.ended)
    joined.stream.write(BIG)
    joined.stream.close()
    assert not joined.owner.is_lost
    if when == "after":
        joined.peer.sock.send(b"thrown away")
        joined.peer.sock.shutdown(socket.SHUT_WR)
        settle(joined.reactor)
    until(joined.reactor, lambda: joined.peer.pull())
    assert joined.peer.received == BIG
    joined.until_lost()
    assert joined.owner.losses == [None]
    assert not joined.owner.data


def test_abort_resets_the_peer(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(BIG)
    joined.stream.abort()
    assert joined.owner.losses == [None]
    until(joined.reactor, lambda: joined.peer.pull())
    assert joined.peer.broken


def test_a_reset_by_the_peer_is_an_error(joined: Joined) -> None:
    joined.stream.resume()
    reset(joined.peer.sock)
    joined.until_lost()
    assert isinstance(joined.owner.losses[0], ConnectionResetError)


def test_a_reset_is_noticed_while_we_wait_to_write_and_do_not_read(joined: Joined) -> None:
    joined.stream.write(BIG)
    reset(joined.peer.sock)
    joined.until_lost()
    assert isinstance(joined.owner.losses[0], OSError)


def test_an_early_answer_is_read_though_writing_has_failed(joined: Joined) -> None:
    joined.peer.sock.send(b"413")
    # Closing with unread bytes resets us, but what came before can be read.
    joined.stream.write(b"unread")
    settle(joined.reactor, 2)
    joined.peer.close()
    for _ in range(3):
        joined.stream.write(b"more")
        settle(joined.reactor, 2)
    joined.stream.resume()
    joined.until_lost()
    assert joined.owner.data == b"413"
    assert isinstance(joined.owner.losses[0], OSError)


def test_an_owner_blocked_when_writing_fails_is_drained(joined: Joined) -> None:
    joined.stream.write(BIG)
    joined.peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    joined.peer.close()
    joined.stream.resume()
    joined.until_lost()
    assert joined.owner.flow in (["blocked"], ["blocked", "drained"])


def test_release_gives_the_socket_away_with_what_waits(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(BIG)
    joined.stream.write(b"end")
    reactor, sock, waiting = joined.stream.release()
    assert reactor is joined.reactor
    assert sock is joined.sock
    assert (BIG + b"end").endswith(waiting)
    assert len(waiting) > HIGH_WATER
    joined.stream.abort()
    joined.stream.write(b"ignored")
    assert not joined.owner.is_lost
    with pytest.raises(RuntimeError, match="closing or lost"):
        joined.stream.release()
    joined.peer.pull()
    assert (BIG + b"end").startswith(joined.peer.received)
    assert len(joined.peer.received) + len(waiting) <= len(BIG) + 3
    sock.close()


def test_peer_is_named(joined: Joined) -> None:
    assert joined.stream.peer == joined.peer.sock.getsockname()
    joined.stream.abort()
    assert joined.stream.peer == ("", 0)


def test_unix_sockets_have_no_address(any_reactor: Any) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    owner = NotingOwner()
    stream = PlainStream(any_reactor, ours, owner)
    stream.resume()
    assert stream.peer == ("", 0)
    theirs.send(b"hello")
    until(any_reactor, lambda: owner.data == b"hello")
    theirs.close()
    until(any_reactor, lambda: owner.ended)
    stream.close()
    assert owner.losses == [None]


class SizeNoter(NotingOwner):
    """Notes how much it is given at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))
        super().data_received(data)


def test_an_owner_that_keeps_up_is_given_more_at_a_time_until_it_pauses(any_reactor: Any) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    owner = SizeNoter()
    stream = PlainStream(any_reactor, ours, owner)
    piece = bytes(150 * 1024)
    stream.resume()

    def given(data: bytes) -> list[int]:
        """What one piece comes in, all of it waiting before the first of it is read."""
        theirs.sendall(data)
        sizes = len(owner.sizes)
        whole = len(owner.data) + len(data)
        until(any_reactor, lambda: len(owner.data) == whole)
        return owner.sizes[sizes:]

    rest = len(piece) - READ_SIZE
    assert given(piece) == [READ_SIZE, rest]
    assert given(piece) == [len(piece)]
    assert given(b"little") == [6]
    assert given(piece) == [READ_SIZE, rest]
    stream.pause()
    stream.resume()
    assert given(piece) == [READ_SIZE, rest]
    stream.abort()
    theirs.close()


def test_a_peer_that_is_gone_leaves_nothing_to_collect(lean_reactor: Any) -> None:
    class Forgetful(NotingOwner):
        def stream_lost(self, error: Exception | None) -> None:
            self.lost = True  # an error that is kept knows all that it has passed

    gc.collect()
    gc.disable()
    try:
        ours, theirs = socket_pair()
        owner = Forgetful()
        stream = PlainStream(lean_reactor, ours, owner)
        stream.resume()
        reset(theirs)
        stream.write(b"the kernel tells of the reset")
        settle(lean_reactor)
        assert owner.lost
        number = id(stream)
        del stream, owner
        assert number not in [id(each) for each in gc.get_objects() if type(each) is PlainStream]
    finally:
        gc.enable()


def test_a_stream_that_is_to_read_less_gives_little_at_a_time(lean_reactor: Any) -> None:
    class Sizes(NotingOwner):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            sizes.append(len(data))

    sizes: list[int] = []
    ours, theirs = socket_pair()
    owner = Sizes()
    stream = PlainStream(lean_reactor, ours, owner)
    stream.read_less()
    stream.resume()
    theirs.send(b"x" * 20_000)
    until(lean_reactor, lambda: len(owner.data) == 20_000)
    assert max(sizes) == 4096
    stream.pause()
    stream.resume()
    theirs.send(b"x" * 20_000)
    until(lean_reactor, lambda: len(owner.data) == 40_000)
    assert max(sizes) == 4096
    stream.abort()
    theirs.close()
