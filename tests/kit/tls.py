"""The other side of TLS as a test plays it, and TLS that wants what the test wants it to want."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from kit.certificates import Authority, Issued
from kit.streams import NotingOwner
from pointsman.net.tls_socket import ENDED, RECORD, WANT_READ, ReadBuffer, TlsSocket
from pointsman.net.tls_stream import TlsStream

RELEASE_BUFFERS = 0x10


class HandshakeNoter(NotingOwner):
    """Owns a TLS stream from the beginning, and notes how its handshake ends."""

    def __init__(self) -> None:
        super().__init__()
        self.shaken = 0
        self.refused: Exception | None = None

    def handshake_done(self) -> None:
        assert not self.losses
        self.shaken += 1

    def handshake_failed(self, error: Exception, sock: socket.socket) -> None:
        assert self.refused is None
        self.refused = error
        sock.close()


def ours(leaf: Issued | None = None, chain: Iterable[x509.Certificate] = ()) -> SSL.Context:
    """Our context: a server's with a certificate, else a client's that believes everything."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    context.set_mode(RELEASE_BUFFERS)
    if leaf is not None:
        context.use_certificate(leaf.certificate)
        context.use_privatekey(leaf.key)
        context.set_session_id(b"test")
    for certificate in chain:
        context.add_extra_chain_cert(certificate)
    return context


def our_stream(
    reactor: Any, context: SSL.Context, sock: socket.socket, owner: HandshakeNoter
) -> TlsStream:
    """Our stream on a socket; a context with a certificate makes it the server."""
    connection = SSL.Connection(context, sock)
    try:
        context.check_privatekey()
    except SSL.Error:
        connection.set_connect_state()
    else:
        connection.set_accept_state()
    return TlsStream(reactor, sock, TlsSocket(connection, ReadBuffer()), owner)


def theirs(
    leaf: Issued | None = None,
    *,
    trusts: Authority | Issued | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    chain: Iterable[Issued] = (),
) -> ssl.SSLContext:
    """A peer's context, of Python's own ssl: a server's with a certificate, else a client's."""
    side = ssl.PROTOCOL_TLS_CLIENT if leaf is None else ssl.PROTOCOL_TLS_SERVER
    context = ssl.SSLContext(side)
    context.maximum_version = newest
    if leaf is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE if trusts is None else ssl.CERT_REQUIRED
    if trusts is not None:
        context.load_verify_locations(cadata=trusts.certificate_pem.decode())
    if leaf is not None:
        show(context, leaf, chain)
    return context


def show(context: ssl.SSLContext, leaf: Issued, chain: Iterable[Issued] = ()) -> None:
    """Give a peer's context a certificate; Python's ssl reads it from files only."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "leaf.pem")
        path.write_bytes(leaf.pem + b"".join(issuer.certificate_pem for issuer in chain))
        context.load_cert_chain(path)


class TlsPeer:
    """A peer with TLS in memory: the test decides when, and in how small pieces, bytes move.

    Attributes:
        received: plaintext that came.
        shaken: its handshake is done.
        ended: close_notify came.
        cut: the connection ended without it.
        broken: what went wrong, None if nothing did.
    """

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, name: str | None = None
    ) -> None:
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.protocol == ssl.PROTOCOL_TLS_SERVER
        self.tls = context.wrap_bio(
            self.incoming, self.outgoing, server_side=server, server_hostname=name
        )
        self.received = bytearray()
        self.shaken = self.ended = self.cut = False
        self.broken: Exception | None = None
        self._unsent = bytearray()
        self._plain = bytearray()
        self._closing = False

    def send(self, data: bytes) -> None:
        self._plain += data

    def close_notify(self) -> None:
        self._closing = True

    def step(self, most: int = 1 << 20, *, reads: bool = True) -> None:
        """Move what can be moved, at most `most` bytes toward the other side."""
        if reads and not self.cut:
            self._pull()
        try:
            self._work(reads)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.broken = self.broken or error
        self._unsent += self.outgoing.read()
        try:
            while self._unsent and most > 0:
                sent = self.sock.send(self._unsent[: min(most, 65536)])
                del self._unsent[:sent]
                most -= sent
        except BlockingIOError:
            pass
        except OSError as error:
            self.broken = self.broken or error

    def _pull(self) -> None:
        try:
            for _ in range(64):
                data = self.sock.recv(65536)
                if not data:
                    self.cut = not self.ended
                    self.incoming.write_eof()
                    return
                self.incoming.write(data)
        except BlockingIOError:
            pass
        except OSError as error:
            self.broken = self.broken or error

    def _work(self, reads: bool) -> None:
        if not self.shaken:
            self.tls.do_handshake()
            self.shaken = True
        while self._plain:
            del self._plain[: self.tls.write(self._plain[:65536])]
        if self._closing:
            self._closing = False
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.unwrap()
        while reads and not self.ended:
            try:
                data = self.tls.read(65536)
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self.ended = True
            self.received += data

    def close(self) -> None:
        self.sock.close()


class PlayedTls:
    """A TLS socket whose every answer is written down before: sizes, wants, bytes, exceptions.

    Attributes:
        shakes, reads, sends, ends: what the next calls answer, those of `sends` for one record
            each; a record without one is taken, any other call wants to read.
        sent: what was taken.
        offered: each record that `send` was given.
        holds: as of TlsSocket.
    """

    connection = None
    resumed = False

    def __init__(self) -> None:
        self.shakes: list[Any] = []
        self.reads: list[Any] = []
        self.sends: list[Any] = []
        self.ends: list[Any] = []
        self.sent = bytearray()
        self.wanted = 0
        self.offered: list[bytes] = []
        self.holds = False

    def handshake(self) -> Any:
        return self._next(self.shakes, 1)

    def recv(self) -> Any:
        return self._next(self.reads, WANT_READ)

    def send(self, data: bytes | memoryview) -> int:
        done = 0
        while done < len(data):
            record = bytes(data[done : done + RECORD])
            self.offered.append(record)
            taken = min(self._next(self.sends, len(record)), len(record))
            if taken <= ENDED:
                self.wanted = taken
                break
            self.sent += record[:taken]
            done += taken
        return done

    def shutdown(self) -> Any:
        return self._next(self.ends, 1)

    def _next(self, planned: list[Any], otherwise: Any) -> Any:
        answer = planned.pop(0) if planned else otherwise
        if isinstance(answer, Exception):
            raise answer
        return answer


class PlayedReactor:
    """Notes what is watched; the test says what is ready."""

    def __init__(self) -> None:
        self.readers: set[Any] = set()
        self.writers: set[Any] = set()
        self.later: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.discard(reader)

    def addWriter(self, writer: Any) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers.discard(writer)

    def callLater(self, delay: float, call: Any, *arguments: Any) -> None:
        self.later.append(lambda: call(*arguments))

    def turn(self) -> None:
        """Do what was to be done later."""
        later, self.later = self.later, []
        for call in later:
            call()
