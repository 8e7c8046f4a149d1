"""The writing half of a TLS stream: what waits, what OpenSSL wants for it, and how it ends."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

from pointsman.net.sockets import leave, peer_of, reset_when_closed
from pointsman.net.stream import HIGH_WATER, StreamOwner
from pointsman.net.tls_socket import ENDED, RECORD, WANT_READ, TlsError

# One turn of the loop writes at most this much of a backlog, so that others have their turn too.
_SEND_SIZE: Final = 16 * RECORD


class Tls(Protocol):
    """TLS on a socket: ``net.tls_socket.TlsSocket``, which says what each of these does."""

    connection: Any
    wanted: int

    @property
    def holds(self) -> bool:
        """Whether ``recv`` has something that no event will tell of."""

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""

    def handshake(self) -> int:
        """1 once it is done, else what it wants."""

    def recv(self) -> bytes | int:
        """Bytes, ENDED, or what it wants."""

    def send(self, data: bytes | memoryview) -> int:
        """How much was taken; ``wanted`` for the rest."""

    def shutdown(self) -> int:
        """1 once close_notify is sent, else what it wants."""


class HandshakeOwner(StreamOwner, Protocol):
    """Owns a stream until its handshake is done; ``stream_lost`` means that we gave up."""

    def handshake_done(self) -> None:
        """From now on the stream carries bytes; reading is not yet on."""

    def handshake_failed(self, error: Exception, sock: socket.socket) -> None:
        """There will be no TLS. The socket is open, out of the reactor, and the owner's."""


class TlsLine:
    """What the owner of a TLS stream calls; ``TlsStream`` adds what the reactor calls."""

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_broken",
        "_closing",
        "_ended",
        "_finishing",
        "_learnt",
        "_pending",
        "_pending_size",
        "_reactor",
        "_read_wants_write",
        "_reading",
        "_recv",
        "_said_end",
        "_send",
        "_shaking",
        "_sock",
        "_write_wants_read",
        "fileno",
        "owner",
        "tls",
    )

    def __init__(
        self,
        reactor: Any,
        sock: socket.socket,
        tls: Tls,
        owner: HandshakeOwner,
        learnt: Callable[[], None] | None = None,
    ) -> None:
        self._reactor = reactor
        self._sock: socket.socket | None = sock
        self.tls = tls
        self._recv = tls.recv
        self._send = tls.send
        self.fileno: Callable[[], int] = sock.fileno
        self.owner: StreamOwner = owner
        self._shaking: HandshakeOwner | None = owner
        self._learnt = learnt
        self._pending: list[bytes | memoryview] | None = None
        self._pending_size = 0
        self._reading = False  # the owner wants bytes
        self._read_wants_write = False
        self._write_wants_read = False
        self._blocked = False
        self._broken: Exception | None = None
        self._closing = False
        self._ended = False
        self._finishing = False
        self._said_end = False

    # ---- what the owner calls ----

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, keep the rest. Ignored once closing or broken."""
        if self._closing or self._broken is not None or self._finishing or not data:
            return
        size = len(data)
        if self._pending is not None:
            self._pending.append(data)
            self._pending_size += size
        elif self._shaking is not None or self._read_wants_write:
            # What reading wants to write comes first.
            self._pending = [data]
            self._pending_size = size
        else:
            try:
                sent = self._send(data)
            except (TlsError, OSError) as error:
                self._write_failed(error)
                return
            if sent == size:
                return
            self._pending = [memoryview(data)[sent:]]
            self._pending_size = size - sent
            self._await(self.tls.wanted)
        if self._pending_size > HIGH_WATER and not self._blocked:
            self._blocked = True
            self.owner.blocked()

    def finish(self) -> None:
        """Say by close_notify, once all is written, that we send no more; reading goes on."""
        if self._finishing or self._closing or self._broken is not None:
            return
        self._finishing = True
        if self._pending is None:
            self._say_end()

    def close(self) -> None:
        """Close both sides once all is written; ``stream_lost(None)`` follows."""
        if self._sock is None or self._closing:
            return
        self._closing = True
        if self._shaking is not None or self._broken is not None:
            self._lose(None)
        elif self._pending is None:
            self._say_end()
        elif not self._ended:
            # A peer that hangs up is still noticed, by its bytes being thrown away.
            self.resume()

    def abort(self) -> None:
        """Close at once, dropping what is unwritten; the peer sees a reset."""
        if self._sock is None:
            return
        reset_when_closed(self._sock)
        self._lose(None)

    def pause(self) -> None:
        """Stop reading until ``resume``; pausing twice is fine."""
        if self._reading:
            self._reading = False
            if not self._write_wants_read:
                self._reactor.removeReader(self)

    def read_less(self) -> None:
        """What comes at a time is not much as it is."""

    def resume(self) -> None:
        """Read again. After the end this tells the end again, so that a new owner learns of it."""
        if self._reading or self._sock is None:
            return
        self._reading = True
        if self._shaking is None and not self._read_wants_write:
            self._reactor.addReader(self)
            if self._ended or self.tls.holds:
                # The socket has no more to say of what OpenSSL has already taken.
                self._reactor.callLater(0, self._read_held)

    @property
    def waiting(self) -> int:
        """Bytes accepted by ``write`` that are not yet sent."""
        return self._pending_size

    @property
    def peer(self) -> tuple[str, int]:
        """Address text and port of the other side; ("", 0) for unix sockets."""
        return peer_of(self._sock)

    # ---- reading, as far as it was OpenSSL that took bytes off the socket ----

    def _read_held(self) -> None:
        raise NotImplementedError

    # ---- writing ----

    def _flush(self, pending: list[bytes | memoryview]) -> None:
        data = memoryview(pending[0] if len(pending) == 1 else b"".join(pending))
        try:
            sent = self._send(data[:_SEND_SIZE])
        except (TlsError, OSError) as error:
            self._write_failed(error)
            return
        self._pending_size -= sent
        if self._pending_size:
            self._pending = [data[sent:]]
            if sent < _SEND_SIZE and self.tls.wanted == WANT_READ:
                self._await(WANT_READ)
        else:
            self._all_written()

    def _await(self, wanted: int) -> None:
        """What waits is tried again when the socket is ready for what OpenSSL wants."""
        if wanted == WANT_READ:
            self._write_wants_read = True
            self._reactor.removeWriter(self)
            self._reactor.addReader(self)
        else:
            self._reactor.addWriter(self)

    def _all_written(self) -> None:
        self._pending = None
        self._pending_size = 0
        self._reactor.removeWriter(self)
        if self._closing or (self._finishing and not self._said_end):
            self._say_end()
        if self._blocked and not self._closing:
            self._blocked = False
            self.owner.drained()

    def _say_end(self) -> None:
        """Send close_notify; if we are closing, that is the last thing we do."""
        if not self._said_end:
            try:
                wanted = self.tls.shutdown()
            except (TlsError, OSError) as error:
                self._write_failed(error)
                return
            if wanted <= 0 and wanted != ENDED:
                self._await(wanted)
                return
            self._said_end = True
        if self._closing:
            self._lose(None)

    def _write_failed(self, error: Exception) -> None:
        # The peer is gone for writing, but what it sent before may still wait to be read (an
        # early 413, say): drop our bytes and let reading find the end.
        # Its traceback knows this object, and a cycle would be left to collect.
        self._broken = error.with_traceback(None)
        self._write_wants_read = False
        if self._pending is not None:
            self._pending = None
            self._pending_size = 0
            self._reactor.removeWriter(self)
        if self._closing:
            self._lose(None)
            return
        self.resume()
        if self._blocked:
            self._blocked = False
            self._reactor.callLater(0, self._tell_drained)

    def _tell_drained(self) -> None:
        if self._sock is not None:
            self.owner.drained()

    # ---- the end ----

    def _lose(self, error: Exception | None) -> None:
        sock = self._sock
        if sock is None:
            return
        leave(self._reactor, self)
        self._sock = None
        self._shaking = None
        self._reading = False
        self._pending = None
        self._pending_size = 0
        self._closing = True
        sock.close()
        self.owner.stream_lost(error)
