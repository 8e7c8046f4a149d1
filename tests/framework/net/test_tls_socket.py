"""OpenSSL's answers: what it wants, what it reads, and why it fails, in words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL import SSL
from OpenSSL._util import lib

from kit.certificates import Authority
from kit.sockets import reset, socket_pair
from kit.tls import TlsPeer, ours, theirs
from pointsman.net.tls_socket import (
    ENDED,
    RECORD,
    WANT_READ,
    WANT_WRITE,
    ReadBuffer,
    TlsError,
    TlsSocket,
    TlsTruncated,
    in_words,
    take_errors,
)

LEAF = Authority.root().leaf("pool.example")


class Joined:
    def __init__(self, peer_context: ssl.SSLContext | None = None, *, small: bool = False) -> None:
        self.sock, other = socket_pair(small=small)
        self.peer = TlsPeer(other, peer_context or theirs())
        connection = SSL.Connection(ours(LEAF), self.sock)
        connection.set_accept_state()
        self.tls = TlsSocket(connection, ReadBuffer())

    def shake(self) -> None:
        for _ in range(100):
            self.peer.step()
            if self.tls.handshake() == 1 and self.peer.shaken:
                return
        raise AssertionError("no handshake")

    def received(self) -> bytes | int:
        for _ in range(100):
            self.peer.step()
            data = self.tls.recv()
            if data != WANT_READ:
                return data
        return WANT_READ


@pytest.fixture
def joined() -> Iterator[Joined]:
    joined = Joined()
    joined.shake()
    yield joined
    joined.sock.close()
    joined.peer.close()
    assert take_errors() == []


def test_a_handshake_wants_to_read_until_it_is_done() -> None:
    joined = Joined()
    assert joined.tls.handshake() == WANT_READ
    joined.shake()
    assert not joined.tls.resumed
    joined.sock.close()
    joined.peer.close()


def test_nothing_to_read_is_a_want_and_no_exception(joined: Joined) -> None:
    assert joined.received() == WANT_READ


def test_full_records_are_gathered_up_to_64_kib(joined: Joined) -> None:
    joined.peer.send(b"x" * (6 * RECORD))
    total = 0
    sizes = []
    for _ in range(100):
        data = joined.received()
        assert isinstance(data, bytes)
        sizes.append(len(data))
        total += len(data)
        if total == 6 * RECORD:
            break
    assert total == 6 * RECORD
    assert max(sizes) <= 4 * RECORD


def test_an_end_behind_a_full_record_is_kept_and_told_next(joined: Joined) -> None:
    joined.peer.send(b"x" * RECORD)
    joined.peer.close_notify()
    assert joined.received() == b"x" * RECORD
    assert joined.tls.holds
    assert joined.tls.recv() == ENDED
    assert joined.tls.recv() == ENDED


def test_a_cut_behind_a_full_record_is_kept_and_told_next(joined: Joined) -> None:
    joined.peer.send(b"x" * RECORD)
    for _ in range(3):
        joined.peer.step()
    joined.peer.close()
    assert joined.tls.recv() == b"x" * RECORD
    for _ in range(2):
        with pytest.raises(TlsTruncated, match="without close_notify"):
            joined.tls.recv()


def test_a_full_socket_wants_to_write() -> None:
    joined = Joined(small=True)
    joined.shake()
    for _ in range(10_000):
        if not joined.tls.send(b"y" * RECORD):
            break
    assert joined.tls.wanted == WANT_WRITE
    for _ in range(1000):
        joined.peer.step()
        if joined.tls.send(memoryview(b"y" * RECORD)):
            break
    else:
        raise AssertionError("never taken")
    joined.sock.close()
    joined.peer.close()


@pytest.mark.parametrize("size", [1, RECORD, RECORD + 1, 5 * RECORD + 7])
@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_many_records_go_at_once(joined: Joined, size: int, kind: Any) -> None:
    data = bytes(number % 251 for number in range(size))
    assert joined.tls.send(kind(data)) == size
    joined.peer.step()
    assert joined.peer.received == data


def test_what_is_not_taken_is_told_and_goes_on_where_it_stopped() -> None:
    joined = Joined(small=True)
    joined.shake()
    data = bytes(number % 251 for number in range(64 * RECORD))
    rest = memoryview(data)
    waits = 0
    for _ in range(100_000):
        taken = joined.tls.send(rest)
        assert taken % RECORD == 0
        rest = rest[taken:]
        if not rest:
            break
        assert joined.tls.wanted == WANT_WRITE
        waits += 1
        joined.peer.step()
    joined.peer.step()
    assert joined.peer.received == data
    assert waits > 1
    joined.sock.close()
    joined.peer.close()


def test_a_system_error_says_which_and_empties_the_queue(joined: Joined) -> None:
    reset(joined.peer.sock)
    with pytest.raises((OSError, TlsError)):  # noqa: PT012 - the kernel may take the first
        for _ in range(5):
            joined.tls.send(b"x" * RECORD)
    assert lib.ERR_peek_error() == 0


def test_close_notify_is_sent_and_can_be_told_from_a_cut(joined: Joined) -> None:
    assert joined.tls.shutdown() == 1
    joined.peer.step()
    assert joined.peer.ended
    assert not joined.peer.cut


def _fails(joined: Joined) -> TlsError:
    for _ in range(100):
        joined.peer.step()
        try:
            joined.tls.handshake()
        except TlsError as error:
            joined.sock.close()
            joined.peer.close()
            return error
    raise AssertionError("it did not fail")


def test_plain_http_is_known_as_such() -> None:
    joined = Joined()
    joined.peer.sock.send(b"GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n")
    with pytest.raises(TlsError, match="plain HTTP was sent to a TLS port") as caught:
        joined.tls.handshake()
    assert caught.value.plain_http
    joined.sock.close()
    joined.peer.close()


def test_noise_is_no_tls() -> None:
    joined = Joined()
    joined.peer.sock.send(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)
    with pytest.raises(TlsError, match="no TLS") as caught:
        joined.tls.handshake()
    assert not caught.value.plain_http
    joined.sock.close()
    joined.peer.close()


def test_a_client_that_does_not_know_our_authority_says_so() -> None:
    other = Authority.root("Another Root")
    assert "unknown ca" in str(_fails(Joined(theirs(trusts=other))))


def test_no_common_version_and_no_common_cipher() -> None:
    old = theirs(newest=ssl.TLSVersion.TLSv1_2)
    joined = Joined(old)
    modern = ours(LEAF)
    modern.set_min_proto_version(SSL.TLS1_3_VERSION)
    connection = SSL.Connection(modern, joined.sock)
    connection.set_accept_state()
    joined.tls = TlsSocket(connection, ReadBuffer())
    assert "no version of TLS" in str(_fails(joined))
    rsa_only = theirs(newest=ssl.TLSVersion.TLSv1_2)
    rsa_only.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    assert "no cipher suite" in str(_fails(Joined(rsa_only)))


def test_reasons_without_words_of_ours_are_openssls_own() -> None:
    assert in_words(["something new"]) == "something new"
    assert in_words(["something new", "no shared cipher"]).startswith("no cipher suite")
    assert in_words([]) == in_words([""]) == "the peer broke the rules of TLS"


def test_a_connection_of_a_closed_socket_fails_and_does_not_crash() -> None:
    one, two = socket.socketpair()
    one.setblocking(False)
    connection = SSL.Connection(ours(LEAF), one)
    connection.set_accept_state()
    tls = TlsSocket(connection, ReadBuffer())
    two.close()
    with pytest.raises((TlsError, OSError)):
        tls.handshake()
    one.close()
    assert take_errors() == []
