"""A TLS stream straight on a non-blocking socket, with the face of a plain one.

OpenSSL may have to write in order to read and to read in order to write, above all during the
handshake. So what the owner wants (reading, or something to be written) and what the reactor is
asked to watch are two things here.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from pointsman.net.tls_line import HandshakeOwner, TlsLine
from pointsman.net.tls_socket import ENDED, RECORD, WANT_READ, TlsError


class TlsStream(TlsLine):
    """A connected socket with TLS on it, in the role of a client or of a server.

    As with a plain stream, what IReadDescriptor and IWriteDescriptor ask for is not declared.

    Args:
        reactor: offers addReader, removeReader, addWriter, removeWriter, callLater.
        sock: connected and non-blocking; this stream closes it.
        tls: TLS on that socket, the handshake still to be done.
        owner: told how the handshake ends; whoever owns it then is told of bytes, end and loss.
        learnt: called once, after the first bytes came: by then the peer's session tickets are
            here as well.
    """

    __slots__ = ()

    # ---- the handshake ----

    def shake_hands(self) -> None:
        """Begin; the owner is told how it ends, perhaps before this returns."""
        self._shake()

    def _shake(self) -> None:
        owner = self._shaking
        if owner is None:
            return
        reactor = self._reactor
        try:
            wanted = self.tls.handshake()
        except (TlsError, OSError) as error:
            self._handshake_failed(owner, error)
            return
        if wanted == 1:
            reactor.removeReader(self)
            reactor.removeWriter(self)
            self._shaking = None
            if self._pending is not None:
                reactor.addWriter(self)
            owner.handshake_done()
        elif wanted == ENDED:
            self._handshake_failed(owner, TlsError("the peer ended the handshake"))
        elif wanted == WANT_READ:
            reactor.removeWriter(self)
            reactor.addReader(self)
        else:
            reactor.removeReader(self)
            reactor.addWriter(self)

    def _handshake_failed(self, owner: HandshakeOwner, error: Exception) -> None:
        sock, self._sock = self._sock, None
        if sock is None:
            return
        self._shaking = None
        self._closing = True
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        owner.handshake_failed(error, sock)

    # ---- what the reactor calls ----

    def doRead(self) -> None:
        """The socket is readable."""
        if self._shaking is not None:
            self._shake()
            return
        if self._write_wants_read:
            self._write_on()
            if not self._reading:
                return
        try:
            data = self._recv()
        except (TlsError, OSError) as error:
            self._read_failed(error)
            return
        if type(data) is bytes:
            if self._learnt is not None:
                self._learn()
            if not self._closing:
                self.owner.data_received(data)
            if len(data) >= RECORD and self._reading and self.tls.holds:
                self._reactor.callLater(0, self._read_held)
        elif data == WANT_READ:
            return
        elif data == ENDED:
            self._end_received()
        else:
            self._read_wants_write = True
            self._reactor.removeReader(self)
            self._reactor.addWriter(self)

    def doWrite(self) -> None:
        """The socket takes bytes again."""
        if self._shaking is not None:
            self._shake()
            return
        if self._read_wants_write:
            self._read_wants_write = False
            if self._pending is None:
                self._reactor.removeWriter(self)
            if self._reading:
                self._reactor.addReader(self)
                self.doRead()
            return
        if self._pending:
            self._flush(self._pending)
        else:
            self._all_written()

    def connectionLost(self, reason: Any) -> None:
        """The reactor found a hang-up without data, or is shutting down."""
        sock = self._sock
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if sock is not None else 0
        number = number or errno.ECONNRESET
        error = OSError(number, os.strerror(number))
        if self._shaking is not None:
            self._handshake_failed(self._shaking, error)
        else:
            self._lose(error)

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- reading ----

    def _read_held(self) -> None:
        if self._reading and self._sock is not None and not self._read_wants_write:
            self.doRead()

    def _learn(self) -> None:
        learnt, self._learnt = self._learnt, None
        if learnt is not None:
            learnt()

    def _end_received(self) -> None:
        self.pause()
        self._ended = True
        if self._broken is not None:
            self._lose(None if self._closing else self._broken)
        elif not self._closing:
            self.owner.end_received()
        # Else the peer has only finished sending, and shall still get what waits for it.

    def _read_failed(self, error: Exception) -> None:
        # Without close_notify the end may be an attacker's: it is never told as an end.
        self._lose(None if self._closing else self._broken or error)

    def _write_on(self) -> None:
        """The socket is readable, and writing had to wait for that."""
        self._write_wants_read = False
        if not self._reading:
            self._reactor.removeReader(self)
        self._reactor.addWriter(self)
        self.doWrite()
