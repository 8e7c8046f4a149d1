"""A write-through TCP or unix stream on any reactor that offers IReactorFDSet.

Twisted's own transport keeps each write in a buffer and asks the poller for writability, which
costs two epoll_ctl calls and a turn of the loop. Here ``write`` sends at once, and only a
remainder that the kernel does not take is kept and registered.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from pointsman.net.sockets import leave, peer_of, reset_when_closed
from pointsman.net.stream import HIGH_WATER, StreamOwner

READ_SIZE: Final = 64 * 1024
# While an owner keeps up with whole reads it is given this much at a time: fewer turns for the
# same bytes. One that has to pause gets less, so that less waits for whoever is slow behind it.
_LARGE_READ: Final = 256 * 1024
_SMALL_READ: Final = 4 * 1024
# One send gets at most this much, so that a huge backlog is not joined into one huge copy.
_SEND_SIZE: Final = 256 * 1024


class PlainStream:
    """A connected, non-blocking stream socket that its owner reads from by being called.

    It has what IReadDescriptor and IWriteDescriptor ask for, but does not declare it: zope could
    not mark the compiled class (decisions/0004).

    Args:
        reactor: offers addReader, removeReader, addWriter, removeWriter, callLater.
        sock: connected and non-blocking; this stream closes it.
        owner: told of bytes, end and loss.
    """

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_broken",
        "_closing",
        "_ended",
        "_finishing",
        "_most_read",
        "_pending",
        "_pending_size",
        "_reactor",
        "_read_size",
        "_reading",
        "_recv",
        "_send",
        "_sock",
        "_usual_read",
        "fileno",
        "owner",
    )

    def __init__(self, reactor: Any, sock: socket.socket, owner: StreamOwner) -> None:
        self._reactor = reactor
        self._sock: socket.socket | None = sock
        self._recv = sock.recv
        self._send = sock.send
        self.fileno: Callable[[], int] = sock.fileno
        self.owner = owner
        self._pending: list[bytes | memoryview] | None = None
        self._pending_size = 0
        self._usual_read = self._read_size = READ_SIZE
        self._most_read = _LARGE_READ
        self._reading = False
        self._blocked = False
        self._broken: OSError | None = None
        self._closing = False
        self._ended = False
        self._finishing = False

    # ---- what the reactor calls ----

    def doRead(self) -> None:
        """The socket is readable."""
        try:
            data = self._recv(self._read_size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._read_size = self._usual_read if len(data) < READ_SIZE else self._most_read
            if not self._closing:
                self.owner.data_received(data)
        else:
            self._end_received()

    def doWrite(self) -> None:
        """The socket takes bytes again."""
        pending = self._pending
        if not pending:
            self._all_written()
            return
        data = pending[0] if len(pending) == 1 else b"".join(pending)
        try:
            sent = self._send(memoryview(data)[:_SEND_SIZE])
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._write_failed(error)
            return
        self._pending_size -= sent
        if self._pending_size:
            self._pending = [memoryview(data)[sent:]]
        else:
            self._all_written()

    def connectionLost(self, reason: Any) -> None:
        """The reactor found a hang-up without data, or is shutting down."""
        self._lose(
            self._socket_error() or ConnectionResetError(str(getattr(reason, "value", reason)))
        )

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- what the owner calls ----

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, keep the rest. Ignored once closing or broken."""
        pending = self._pending
        if pending is None:
            if self._closing or self._broken or self._finishing:
                return
            try:
                sent = self._send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._write_failed(error)
                return
            if sent == len(data):
                return
            self._pending = [memoryview(data)[sent:]]
            self._pending_size = len(data) - sent
            self._reactor.addWriter(self)
        elif self._closing or self._finishing:
            return
        else:
            pending.append(data)
            self._pending_size += len(data)
        if self._pending_size > HIGH_WATER and not self._blocked:
            self._blocked = True
            self.owner.blocked()

    def finish(self) -> None:
        """Close our sending side once all is written; reading goes on (half-close)."""
        if self._finishing or self._closing or self._broken:
            return
        self._finishing = True
        if self._pending is None:
            self._shutdown()

    def close(self) -> None:
        """Close both sides once all is written; ``stream_lost(None)`` follows."""
        if self._sock is None or self._closing:
            return
        self._closing = True
        if self._pending is None:
            self._lose(None)
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
            self._read_size = self._usual_read
            self._reactor.removeReader(self)

    def resume(self) -> None:
        """Read again. After the end this tells the end again, so that a new owner learns of it."""
        if not self._reading and self._sock is not None:
            self._reading = True
            self._reactor.addReader(self)

    def read_less(self) -> None:
        """Read little at a time from now on."""
        self._usual_read = self._most_read = self._read_size = _SMALL_READ

    def release(self) -> tuple[Any, socket.socket, bytes]:
        """Hand the open socket over to somebody who moves its bytes himself, such as a tunnel.

        The owner is told nothing any more; this stream is of no use afterwards.

        Returns:
            The reactor, the socket, and what is still to be written to it.

        Raises:
            RuntimeError: if the stream is closing or lost.
        """
        sock = self._sock
        if sock is None or self._closing:
            raise RuntimeError("the stream is closing or lost")
        self.pause()
        waiting = b""
        if self._pending is not None:
            waiting = b"".join(self._pending)
            self._reactor.removeWriter(self)
        self._sock = None
        self._closing = True
        self._pending = None
        self._pending_size = 0
        return self._reactor, sock, waiting

    @property
    def waiting(self) -> int:
        """Bytes accepted by ``write`` that are not yet sent."""
        return self._pending_size

    @property
    def peer(self) -> tuple[str, int]:
        """Address text and port of the other side; ("", 0) for unix sockets."""
        return peer_of(self._sock)

    # ---- inside ----

    def _end_received(self) -> None:
        # Level-triggered pollers would report the end for ever.
        self.pause()
        self._ended = True
        if self._broken is not None:
            self._lose(None if self._closing else self._broken)
        elif not self._closing:
            self.owner.end_received()
        # Else the peer has only finished sending, and shall still get what waits for it.

    def _all_written(self) -> None:
        self._pending = None
        self._pending_size = 0
        self._reactor.removeWriter(self)
        if self._closing:
            self._lose(None)
            return
        if self._finishing:
            self._shutdown()
        if self._blocked:
            self._blocked = False
            self.owner.drained()

    def _shutdown(self) -> None:
        if self._sock is not None:
            try:
                self._sock.shutdown(socket.SHUT_WR)
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise

    def _write_failed(self, error: OSError) -> None:
        # The peer is gone for writing, but what it sent before may still wait to be read (an
        # early 413, say): drop our bytes and let reading find the end.
        # Its traceback knows this object, and a cycle would be left to collect.
        self._broken = error.with_traceback(None)
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

    def _socket_error(self) -> OSError | None:
        if self._sock is None:
            return None
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, errno.errorcode.get(number, "unknown")) if number else None

    def _lose(self, error: Exception | None) -> None:
        sock = self._sock
        if sock is None:
            return
        leave(self._reactor, self)
        self._sock = None
        self._reading = False
        self._pending = None
        self._pending_size = 0
        self._closing = True
        sock.close()
        self.owner.stream_lost(error)
