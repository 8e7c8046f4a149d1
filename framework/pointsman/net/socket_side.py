"""A side of a tunnel on its own socket: reads are sent on at once, bulk stays in the kernel."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor
from zope.interface import implementer

from pointsman.core.deadlines import Deadlines
from pointsman.net.plain_stream import PlainStream
from pointsman.net.sockets import reset_when_closed
from pointsman.net.splice import Pipe, Pipes

READ_SIZE = 64 * 1024
# A direction is bulk after so many reads in a row of at least so many bytes, and chatty again
# after as many smaller ones.
_BULK_SIZE = 32 * 1024
_BULK_READS = 4
# A sandbox may know splice, but not for sockets.
_CANNOT_SPLICE = {errno.EINVAL, errno.ENOSYS}
_NEVER = -(1 << 62)  # a streak that no tunnel lives long enough to end


@implementer(IReadDescriptor, IWriteDescriptor)
class SocketSide:
    """Reads from its socket and sends to its peer's, with nothing in between.

    At most one read (or one pipe) of bytes is on its way in a direction: while the peer does not
    take it, nothing more is read.

    Args:
        stream: gives its socket to this side.
        wheel: tells the second.
        pipes: where pipes for bulk come from.
        lost_to: told once when the socket is closed, with the error or None if we closed it.
    """

    __slots__ = (
        "__weakref__",
        "_broken",
        "_ended",
        "_finished",
        "_lost_to",
        "_pending",
        "_pipe",
        "_pipes",
        "_reactor",
        "_reading",
        "_recv",
        "_send",
        "_sock",
        "_streak",
        "_wheel",
        "_writing",
        "fileno",
        "last",
        "lost",
        "moved",
        "peer",
    )

    peer: SocketSide

    def __init__(
        self,
        stream: PlainStream,
        wheel: Deadlines,
        pipes: Pipes,
        lost_to: Callable[[Any, Exception | None], None],
    ) -> None:
        self._reactor, sock, waiting = stream.release()
        self._sock = sock
        self._recv = sock.recv
        self._send = sock.send
        self.fileno = sock.fileno
        self.moved = 0
        self.last = wheel.now
        self.lost = False
        self._wheel = wheel
        self._pipes = pipes
        self._lost_to = lost_to
        # Bytes for this socket that it did not take yet.
        self._pending: memoryview | None = memoryview(waiting) if waiting else None
        # Bytes from this socket on their way to the peer's, in bulk.
        self._pipe: Pipe | None = None
        self._streak = 0
        self._reading = False
        self._writing = False
        self._broken: OSError | None = None
        self._ended = False
        self._finished = False

    # ---- what the relay calls ----

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written to this side."""
        pending, pipe = self._pending, self.peer._pipe
        return (len(pending) if pending else 0) + (pipe.held if pipe else 0)

    def start(self, first: bytes) -> None:
        """Write ``first`` to this side, then begin to read from it."""
        if first:
            waiting = bytes(self._pending) if self._pending else b""
            self._pending = memoryview(waiting + first)
        if self._pending is None or self._flush():
            self.peer._read_on()
        else:
            self._write_on()

    def close(self) -> None:
        """Close it; nothing waits to be written any more."""
        self._lose(None)

    def abort(self) -> None:
        """Close it at once; the peer sees a reset."""
        reset_when_closed(self._sock)
        self._lose(None)

    def part(self) -> None:
        """Both sides are lost: let go of the other, so that no cycle is left to collect."""
        del self.peer, self._lost_to

    # ---- what the reactor calls ----

    def doRead(self) -> None:
        """The socket is readable: what it has goes to the peer's."""
        if self._pipe is not None:
            self._carry()
            return
        try:
            data = self._recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        size = len(data)
        if not size:
            self._end()
            return
        self.moved += size
        self.last = self._wheel.now
        try:
            sent = self.peer._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self.peer._break(error)
            return
        if sent != size:
            self.peer._pending = memoryview(data)[sent:]
            self._read_off()
            self.peer._write_on()
        if size >= _BULK_SIZE:
            self._streak += 1
            if self._streak == _BULK_READS:
                self._streak = 0
                self._pipe = self._pipes.take()
        elif self._streak > 0:
            self._streak = 0

    def doWrite(self) -> None:
        """The socket takes bytes again: first those we hold, then those of the pipe."""
        if self.lost or (self._pending is not None and not self._flush()):
            return
        source = self.peer
        if source._pipe is not None:
            if source._pipe.held and not source._drain():
                return
            # While this socket is what holds bulk up, its own readiness drives the flow: the
            # pipe is filled again at once and no registration changes.
            if not source._ended and source._carry():
                return
        if self.lost or self._broken is not None:
            return
        self._write_off()
        if source._ended:
            self._finish()
        else:
            source._read_on()

    def connectionLost(self, reason: Any) -> None:
        """The reactor found a hang-up without data, or is shutting down."""
        if self.lost:
            return
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._lose(OSError(number or errno.ECONNRESET, os.strerror(number or errno.ECONNRESET)))

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- bulk ----

    def _carry(self) -> bool:
        """Move what is here through the (empty) pipe to the peer; whether that was anything."""
        pipe = self._pipe
        assert pipe is not None
        try:
            size = pipe.fill(self.fileno())
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in _CANNOT_SPLICE:
                self._no_more_bulk()
                return False
            self._lose(error)
            return True
        if not size:
            self._end()
            return True
        self.moved += size
        self.last = self._wheel.now
        if not self._drain():
            if not self.lost:
                self._read_off()
                self.peer._write_on()
        elif size >= _BULK_SIZE:
            self._streak = 0
        else:
            self._streak += 1
            if self._streak == _BULK_READS:
                self._streak = 0
                self._give_pipe()
        return True

    def _drain(self) -> bool:
        """Move on what is in the pipe; whether it is empty now."""
        pipe = self._pipe
        assert pipe is not None
        try:
            return pipe.drain(self.peer.fileno())
        except OSError as error:
            if error.errno not in _CANNOT_SPLICE:
                self.peer._break(error)
                return False
        self.peer._pending = memoryview(pipe.take_back())
        self._no_more_bulk()
        return False

    def _no_more_bulk(self) -> None:
        self._give_pipe()
        self._streak = _NEVER

    def _give_pipe(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            self._pipes.give(pipe)

    # ---- inside ----

    def _flush(self) -> bool:
        """Send what we hold for this socket; whether all is sent."""
        pending = self._pending
        assert pending is not None
        try:
            sent = self._send(pending)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._break(error)
            return False
        self._pending = pending[sent:] if sent < len(pending) else None
        return self._pending is None

    def _end(self) -> None:
        """This side has finished sending."""
        self._ended = True
        peer = self.peer
        if self._broken is not None:
            self._lose(self._broken)
        elif peer.waiting:
            self._read_off()
        elif self._finished:
            # Both directions are done: closing tells the peer the same as a shutdown would.
            self._lose(None)
            peer._lose(None)
        else:
            self._read_off()
            peer._write_off()
            peer._finish()

    def _finish(self) -> None:
        """All that came from the other side, which has ended, is written: end here as well."""
        self._finished = True
        peer = self.peer
        if peer._finished:
            self._lose(None)
            peer._lose(None)
            return
        with contextlib.suppress(OSError):  # reset meanwhile: reading finds that
            self._sock.shutdown(socket.SHUT_WR)

    def _break(self, error: OSError) -> None:
        """Sending failed, but what the peer sent before (an early answer) may still wait."""
        # Its traceback knows this object, and a cycle would be left to collect.
        self._broken = error.with_traceback(None)
        self._pending = None
        self._write_off()
        self.peer._read_off()
        self.peer._give_pipe()
        if self._ended:
            self._lose(error)
        elif not self.peer.waiting:
            self._read_on()

    def _lose(self, error: Exception | None) -> None:
        if self.lost:
            return
        self.lost = True
        forget = getattr(self._reactor, "forget", None)
        if forget is not None:
            forget(self)
        else:
            self._read_off()
            self._write_off()
        self._sock.close()
        self._pending = None
        self._give_pipe()
        self._lost_to(self, error)

    def _read_on(self) -> None:
        if not (self._reading or self._ended or self.lost):
            self._reading = True
            self._reactor.addReader(self)

    def _read_off(self) -> None:
        if self._reading:
            self._reading = False
            self._reactor.removeReader(self)

    def _write_on(self) -> None:
        if not (self._writing or self.lost or self._broken is not None):
            self._writing = True
            self._reactor.addWriter(self)

    def _write_off(self) -> None:
        if self._writing:
            self._writing = False
            self._reactor.removeWriter(self)
