"""What OpenSSL wants and what the owner wants, in every order, without OpenSSL."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tls import HandshakeNoter, PlayedReactor, PlayedTls
from pointsman.net.stream import HIGH_WATER
from pointsman.net.tls_socket import ENDED, RECORD, WANT_READ, WANT_WRITE, TlsError, TlsTruncated
from pointsman.net.tls_stream import TlsStream


class Played:
    """A stream over TLS that the test plays."""

    def __init__(self, *shakes: Any) -> None:
        self.reactor = PlayedReactor()
        self.tls = PlayedTls()
        self.tls.shakes += shakes
        self.sock, self.other = socket.socketpair()
        self.owner = HandshakeNoter()
        self.stream = TlsStream(self.reactor, self.sock, self.tls, self.owner)
        self.stream.shake_hands()

    @property
    def watched(self) -> str:
        """What the reactor is asked to watch: "", "r", "w" or "rw"."""
        reads, writes = self.stream in self.reactor.readers, self.stream in self.reactor.writers
        return "r" * reads + "w" * writes

    def ready(self) -> None:
        """Whatever is watched is ready."""
        reads, writes = self.stream in self.reactor.readers, self.stream in self.reactor.writers
        if reads:
            self.stream.doRead()
        if writes and self.stream in self.reactor.writers:
            self.stream.doWrite()
        self.reactor.turn()

    def close(self) -> None:
        self.stream.abort()
        self.other.close()
        self.sock.close()


@pytest.fixture
def played() -> Iterator[Played]:
    played = Played()
    yield played
    played.close()


def test_a_handshake_waits_for_what_it_wants_and_for_nothing_else() -> None:
    played = Played(WANT_READ, WANT_WRITE, WANT_WRITE, WANT_READ, 1)
    seen = [played.watched]
    for _ in range(4):
        played.ready()
        seen.append(played.watched)
    assert seen == ["r", "w", "w", "r", ""]
    assert played.owner.shaken == 1
    played.close()


def test_what_is_written_during_the_handshake_waits_for_its_end() -> None:
    played = Played(WANT_READ, 1)
    played.stream.write(b"early")
    assert (bytes(played.tls.sent), played.stream.waiting) == (b"", 5)
    played.ready()
    assert played.watched == "w"
    played.ready()
    assert (bytes(played.tls.sent), played.stream.waiting) == (b"early", 0)
    played.close()


@pytest.mark.parametrize("error", [TlsError("no"), ConnectionResetError()])
def test_a_handshake_that_fails_hands_the_socket_back(error: Exception) -> None:
    played = Played(WANT_READ, error)
    played.ready()
    assert played.owner.refused is error
    assert not played.owner.losses
    assert played.watched == ""
    played.stream.doRead()
    played.stream.doWrite()
    played.stream.abort()
    assert not played.owner.losses
    played.other.close()


def test_a_read_that_wants_to_write_does_not_spin_and_comes_back(played: Played) -> None:
    played.stream.resume()
    played.tls.reads = [WANT_WRITE, b"after"]
    played.stream.doRead()
    assert played.watched == "w"
    played.stream.doWrite()
    assert played.watched == "r"
    assert played.owner.data == b"after"


def test_a_read_that_wants_to_write_goes_before_what_is_written_meanwhile(played: Played) -> None:
    played.stream.resume()
    played.tls.reads = [WANT_WRITE, b"after"]
    played.stream.doRead()
    played.stream.write(b"mine")
    assert played.tls.sent == b""
    played.ready()
    assert played.owner.data == b"after"
    played.ready()
    assert played.tls.sent == b"mine"
    assert played.watched == "r"


def test_a_write_that_wants_to_read_is_tried_again_with_the_same_bytes(played: Played) -> None:
    played.tls.sends = [WANT_READ]
    played.stream.write(b"first")
    played.stream.write(b"second")
    assert played.watched == "r"
    played.ready()
    assert played.tls.offered[0] == b"first"
    assert played.tls.offered[1].startswith(b"first")
    assert played.tls.sent == b"firstsecond"
    assert played.watched == ""


def test_a_write_that_wants_to_read_reads_for_nobody_while_paused(played: Played) -> None:
    played.tls.sends = [WANT_READ, WANT_READ]
    played.stream.resume()
    played.stream.write(b"x")
    played.stream.pause()
    assert played.watched == "r"
    played.tls.reads = [b"not yet"]
    played.ready()
    assert not played.owner.data
    assert played.watched == "r"
    played.ready()
    assert (bytes(played.tls.sent), played.watched) == (b"x", "")


def test_large_writes_are_whole_records(played: Played) -> None:
    data = bytes(RECORD * 2 + 5)
    played.stream.write(data)
    assert [len(each) for each in played.tls.offered] == [RECORD, RECORD, 5]


def test_after_a_want_at_least_as_much_is_offered_again(played: Played) -> None:
    played.tls.sends = [RECORD, WANT_WRITE, WANT_WRITE]
    played.stream.write(bytes(RECORD + 100))
    assert played.watched == "w"
    played.stream.write(bytes(50))
    played.ready()
    played.ready()
    assert [len(each) for each in played.tls.offered] == [RECORD, 100, 150, 150]
    assert (played.stream.waiting, played.watched) == (0, "")


def test_records_that_openssl_holds_need_no_event(played: Played) -> None:
    played.stream.resume()
    played.tls.holds = True
    played.tls.reads = [b"a" * RECORD, b"b"]
    played.stream.doRead()
    assert played.owner.data == b"a" * RECORD
    played.reactor.turn()
    assert played.owner.data == b"a" * RECORD + b"b"


def test_bytes_held_while_paused_are_told_after_resume(played: Played) -> None:
    played.tls.holds = True
    played.tls.reads = [b"held"]
    played.stream.resume()
    played.reactor.turn()
    assert played.owner.data == b"held"


@pytest.mark.parametrize("wants", [[WANT_WRITE, 1], [WANT_READ, 1], [WANT_WRITE, WANT_WRITE, 1]])
@pytest.mark.parametrize("way", ["finish", "close"])
def test_close_notify_may_have_to_wait_as_well(played: Played, wants: list[int], way: str) -> None:
    played.tls.ends = list(wants)
    getattr(played.stream, way)()
    assert played.watched != ""
    for _ in wants[1:]:
        assert not played.owner.is_lost
        played.ready()
    assert played.tls.ends == []
    assert played.owner.losses == ([None] if way == "close" else [])
    assert played.watched == ""


def test_close_after_finish_says_it_once(played: Played) -> None:
    played.tls.ends = [1]
    played.stream.finish()
    played.tls.ends = [AssertionError("said twice")]
    played.stream.close()
    assert played.owner.losses == [None]


@pytest.mark.parametrize("error", [TlsTruncated("cut"), TlsError("bad"), ConnectionResetError()])
def test_a_read_that_fails_is_a_loss_never_an_end(played: Played, error: Exception) -> None:
    played.stream.resume()
    played.tls.reads = [b"some", error]
    played.stream.doRead()
    played.stream.doRead()
    assert (bytes(played.owner.data), played.owner.ended) == (b"some", 0)
    assert played.owner.losses == [error]


def test_a_write_that_fails_lets_the_rest_be_read(played: Played) -> None:
    broken = BrokenPipeError()
    played.tls.sends = [broken]
    played.stream.write(b"x" * 10)
    assert not played.owner.is_lost
    played.tls.reads = [b"413", ENDED]
    played.ready()
    played.ready()
    assert played.owner.data == b"413"
    assert played.owner.losses == [broken]


def test_an_owner_that_was_blocked_when_writing_failed_is_drained(played: Played) -> None:
    played.tls.sends = [WANT_WRITE, BrokenPipeError()]
    played.stream.write(bytes(HIGH_WATER + 1))
    assert played.owner.flow == ["blocked"]
    played.stream.doWrite()
    played.reactor.turn()
    assert played.owner.flow == ["blocked", "drained"]


def test_a_session_is_learnt_once_with_the_first_bytes() -> None:
    learnt: list[bool] = []
    played = Played()
    played.stream._learnt = lambda: learnt.append(True)
    played.stream.resume()
    assert learnt == []
    played.tls.reads = [b"a", b"b"]
    played.ready()
    played.ready()
    assert learnt == [True]
    played.close()


@given(
    st.lists(st.binary(min_size=1, max_size=40000), max_size=6),
    st.lists(st.sampled_from([WANT_READ, WANT_WRITE, 1, 7, RECORD]), max_size=30),
    st.lists(st.sampled_from([WANT_READ, WANT_WRITE, b"abc", b"z" * RECORD]), max_size=30),
)
def test_whatever_openssl_wants_every_byte_arrives_in_order(
    writes: list[bytes], sends: list[int], reads: list[Any]
) -> None:
    played = Played()
    played.tls.sends = list(sends)
    played.tls.reads = list(reads)
    played.stream.resume()
    expected = b"".join(each for each in reads if isinstance(each, bytes))
    for data in writes:
        played.stream.write(data)
        played.ready()
    for _ in range(200):
        if not (played.stream.waiting or played.tls.reads):
            break
        played.ready()
    assert played.tls.sent == b"".join(writes)
    assert played.owner.data == expected
    assert played.stream.waiting == 0
    assert played.owner.flow.count("blocked") == played.owner.flow.count("drained")
    played.close()
