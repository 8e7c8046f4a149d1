"""TLS streams over real sockets, on every reactor, against Python's own ssl."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL import SSL

from kit.any_reactor import settle, until
from kit.certificates import Authority, Issued
from kit.sockets import reset, socket_pair
from kit.tls import HandshakeNoter, TlsPeer, our_stream, ours, theirs
from pointsman.net.stream import HIGH_WATER
from pointsman.net.tls_socket import TlsError, TlsTruncated
from pointsman.net.tls_stream import TlsStream

BIG = bytes(range(256)) * 2048  # 512 KiB: 32 records, more than small sockets hold
ROOT = Authority.root()
LEAVES = {"ec": ROOT.leaf("pool.example"), "rsa": ROOT.leaf("pool.example", kind="rsa")}
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
WAYS = [
    pytest.param(
        leaf, newest, server, id=f"{leaf}-{newest.name}-{'server' if server else 'client'}"
    )
    for leaf in LEAVES
    for newest in (V12, V13)
    for server in (True, False)
]


class Joined:
    """Our stream, its owner, and a peer that the test plays."""

    def __init__(
        self,
        reactor: Any,
        leaf: Issued = LEAVES["ec"],
        newest: ssl.TLSVersion = V13,
        *,
        server: bool = True,
        small: bool = True,
        step: int = 1 << 20,
    ) -> None:
        self.reactor = reactor
        self.sock, other = socket_pair(small=small)
        self.step = step
        self.peer = TlsPeer(other, theirs(None if server else leaf, newest=newest))
        self.owner = HandshakeNoter()
        context = ours(leaf if server else None)
        self.stream: TlsStream = our_stream(reactor, context, self.sock, self.owner)
        self.stream.shake_hands()

    def until(self, condition: Any, *, reads: bool = True) -> None:
        def stepped() -> Any:
            self.peer.step(self.step, reads=reads)
            return condition()

        until(self.reactor, stepped)

    def shake(self) -> None:
        self.until(lambda: self.owner.shaken and self.peer.shaken)

    def close(self) -> None:
        self.stream.abort()
        self.peer.close()
        assert len(self.owner.losses) <= 1


@pytest.fixture
def joined(any_reactor: Any) -> Iterator[Joined]:
    joined = Joined(any_reactor)
    joined.shake()
    yield joined
    joined.close()


@pytest.mark.parametrize(("leaf", "newest", "server"), WAYS)
def test_both_roles_shake_hands_and_carry_bytes_both_ways(
    lean_reactor: Any, leaf: str, newest: ssl.TLSVersion, server: bool
) -> None:
    joined = Joined(lean_reactor, LEAVES[leaf], newest, server=server)
    joined.shake()
    assert joined.owner.shaken == 1
    joined.stream.resume()
    joined.peer.send(BIG)
    joined.stream.write(BIG)
    joined.until(lambda: len(joined.owner.data) == len(BIG) == len(joined.peer.received))
    assert joined.owner.data == joined.peer.received == BIG
    assert joined.stream.tls.connection.get_protocol_version_name() == newest.name.replace("_", ".")
    joined.close()


@pytest.mark.parametrize(("leaf", "newest", "server"), WAYS)
def test_a_handshake_may_come_byte_by_byte(
    lean_reactor: Any, leaf: str, newest: ssl.TLSVersion, server: bool
) -> None:
    joined = Joined(lean_reactor, LEAVES[leaf], newest, server=server, step=1)
    joined.peer.send(b"and the first bytes as well")
    joined.shake()
    joined.stream.resume()
    joined.until(lambda: joined.owner.data == b"and the first bytes as well")
    joined.close()


def test_reads_only_after_resume_and_not_while_paused(joined: Joined) -> None:
    joined.peer.send(b"one")
    joined.peer.step()
    settle(joined.reactor)
    assert not joined.owner.data
    joined.stream.resume()
    joined.until(lambda: joined.owner.data == b"one")
    joined.stream.pause()
    joined.stream.pause()
    joined.peer.send(b"two")
    joined.peer.step()
    settle(joined.reactor)
    assert joined.owner.data == b"one"
    joined.stream.resume()
    joined.until(lambda: joined.owner.data == b"onetwo")


def test_a_slow_reader_gets_everything_in_order_and_blocks_the_writer(joined: Joined) -> None:
    joined.stream.write(BIG[:-5])
    joined.stream.write(BIG[-5:])
    assert joined.owner.flow == ["blocked"]
    assert joined.stream.waiting > HIGH_WATER
    joined.until(lambda: len(joined.peer.received) == len(BIG))
    assert joined.peer.received == BIG
    joined.until(lambda: joined.owner.flow == ["blocked", "drained"])
    assert joined.stream.waiting == 0


def test_finish_says_so_and_still_reads(joined: Joined) -> None:
    joined.stream.resume()
    joined.stream.write(BIG)
    joined.stream.finish()
    joined.stream.write(b"ignored")
    joined.until(lambda: joined.peer.ended)
    assert joined.peer.received == BIG
    joined.peer.send(b"late")
    joined.until(lambda: joined.owner.data == b"late")
    assert not joined.owner.is_lost


def test_close_writes_the_rest_then_close_notify(joined: Joined) -> None:
    joined.stream.write(BIG)
    joined.stream.close()
    joined.stream.write(b"ignored")
    joined.until(lambda: joined.owner.is_lost)
    joined.until(lambda: joined.peer.ended)
    assert joined.owner.losses == [None]
    assert joined.peer.received == BIG
    assert joined.peer.broken is None


def test_the_end_is_told_by_close_notify_and_again_to_whoever_resumes(joined: Joined) -> None:
    joined.stream.resume()
    joined.peer.send(b"all")
    joined.peer.close_notify()
    joined.until(lambda: joined.owner.ended == 1)
    assert joined.owner.data == b"all"
    assert not joined.owner.is_lost
    # The socket says nothing more: the peer has not closed it.
    joined.stream.resume()
    joined.until(lambda: joined.owner.ended == 2)
    joined.stream.write(b"answer")
    joined.stream.close()
    joined.until(lambda: joined.owner.losses == [None])


@pytest.mark.parametrize("newest", [V12, V13])
def test_an_end_without_close_notify_is_an_error_never_an_end(
    any_reactor: Any, newest: ssl.TLSVersion
) -> None:
    joined = Joined(any_reactor, newest=newest)
    joined.shake()
    joined.stream.resume()
    joined.peer.send(b"part of it")
    joined.peer.step()
    joined.peer.close()
    until(any_reactor, lambda: joined.owner.is_lost)
    assert joined.owner.data == b"part of it"
    assert joined.owner.ended == 0
    assert isinstance(joined.owner.losses[0], TlsTruncated)


def test_bytes_that_are_no_tls_are_an_error(joined: Joined) -> None:
    joined.stream.resume()
    joined.peer.sock.send(b"GET / HTTP/1.1\r\n\r\n")
    until(joined.reactor, lambda: joined.owner.is_lost)
    assert isinstance(joined.owner.losses[0], TlsError)
    assert joined.owner.ended == 0


def test_a_reset_is_an_error_and_leaves_no_trace_for_other_connections(joined: Joined) -> None:
    other = Joined(joined.reactor)
    other.shake()
    other.stream.resume()
    joined.stream.resume()
    reset(joined.peer.sock)
    for _ in range(3):
        joined.stream.write(b"x" * 20000)
    until(joined.reactor, lambda: joined.owner.is_lost)
    assert isinstance(joined.owner.losses[0], OSError)
    settle(joined.reactor)
    other.peer.send(b"undisturbed")
    other.until(lambda: other.owner.data == b"undisturbed")
    assert not other.owner.is_lost
    other.close()


def test_abort_drops_everything_and_resets(joined: Joined) -> None:
    joined.stream.write(BIG)
    joined.stream.abort()
    joined.stream.abort()
    assert joined.owner.losses == [None]
    joined.until(lambda: isinstance(joined.peer.broken, OSError))


def test_giving_up_a_handshake_is_told_once(any_reactor: Any) -> None:
    joined = Joined(any_reactor)
    joined.stream.abort()
    assert joined.owner.losses == [None]
    assert joined.owner.shaken == 0
    joined.peer.close()


def test_who_leaves_during_the_handshake_has_failed_it(any_reactor: Any) -> None:
    joined = Joined(any_reactor)
    joined.peer.step(100)
    joined.peer.close()
    until(any_reactor, lambda: joined.owner.refused)
    assert isinstance(joined.owner.refused, TlsError | OSError)
    assert not joined.owner.losses


def test_renegotiation_is_refused(lean_reactor: Any) -> None:
    joined = Joined(lean_reactor, newest=V12, server=False)
    joined.shake()
    with pytest.raises(SSL.Error, match="no renegotiation"):
        joined.stream.tls.connection.renegotiate()
    joined.close()


def test_the_peer_is_named(joined: Joined) -> None:
    assert joined.stream.peer == joined.peer.sock.getsockname()
    joined.stream.abort()
    assert joined.stream.peer == ("", 0)
