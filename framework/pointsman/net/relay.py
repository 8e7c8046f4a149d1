"""A tunnel: what comes from one stream is written to the other, and nothing is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pointsman.core.deadlines import Deadlines
from pointsman.model.record import (
    CLIENT_ABORTED,
    CLIENT_TIMEOUT,
    OK,
    UPSTREAM_ABORTED,
    UPSTREAM_TIMEOUT,
)
from pointsman.net.plain_stream import PlainStream
from pointsman.net.socket_side import SocketSide
from pointsman.net.splice import Pipes
from pointsman.net.stream import HIGH_WATER, Stream


class Side(Protocol):
    """One of the two ends of a tunnel; it reads its own stream and writes to the other's.

    Attributes:
        moved: bytes read from this side.
        last: second of the wheel at which the last of them came.
        lost: whether the stream is gone.
    """

    moved: int
    last: int
    lost: bool

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written to this side."""

    def start(self, first: bytes) -> None:
        """Write ``first`` to this side, then begin to read from it."""

    def close(self) -> None:
        """Close it after what waits is written."""

    def abort(self) -> None:
        """Reset it."""

    def part(self) -> None:
        """Both sides are lost: let go of the other, so that no cycle is left to collect."""


class Relay:
    """Joins the streams of a client and an upstream until both directions have ended.

    Backpressure, half-close and resets are passed on exactly. Two plain streams give their
    sockets to a faster path that can move bulk within the kernel; to the outside it is the same.

    Args:
        client_stream: open; the relay owns it from now on.
        upstream_stream: likewise.
        deadlines: the wheel that the idle time rides on.
        idle_seconds: without a byte in either direction the tunnel ends; 0 for never.
        finished: called exactly once, never before the constructor returns, with the relay and a
            reason of ``model.record``: OK, CLIENT_ABORTED, UPSTREAM_ABORTED, CLIENT_TIMEOUT,
            UPSTREAM_TIMEOUT, or what ``abort`` was given.
        to_upstream: what was already read from the client.
        to_client: what was already read from the upstream.
        pipes: where kernel pipes for bulk are kept; without it each tunnel makes its own.

    Attributes:
        bytes_in: bytes read from the client, ``to_upstream`` included.
        bytes_out: bytes read from the upstream, ``to_client`` included.
        is_over: whether ``finished`` was called.
    """

    __slots__ = (
        "__weakref__",
        "_client",
        "_deadlines",
        "_finished",
        "_idle",
        "_reason",
        "_upstream",
        "_waiting",
        "deadline",
        "is_over",
        "slot",
    )

    def __init__(
        self,
        client_stream: Stream,
        upstream_stream: Stream,
        deadlines: Deadlines,
        idle_seconds: float,
        finished: Callable[[Relay, str], None],
        to_upstream: bytes = b"",
        to_client: bytes = b"",
        *,
        pipes: Pipes | None = None,
    ) -> None:
        self.deadline = 0
        self.slot = 0
        self.is_over = False
        self._deadlines = deadlines
        self._finished = finished
        self._idle = idle_seconds
        self._reason = ""
        self._waiting = 0
        self._client: Side
        self._upstream: Side
        if type(client_stream) is PlainStream and type(upstream_stream) is PlainStream:
            pipes = pipes or Pipes(keep=0)
            client = SocketSide(client_stream, deadlines, pipes, self._side_lost)
            upstream = SocketSide(upstream_stream, deadlines, pipes, self._side_lost)
            client.peer, upstream.peer = upstream, client
            self._client, self._upstream = client, upstream
        else:
            self._client = one = StreamSide(client_stream, deadlines, self._side_lost)
            self._upstream = two = StreamSide(upstream_stream, deadlines, self._side_lost)
            one.join(two)
        self._client.moved = len(to_upstream)
        self._upstream.moved = len(to_client)
        if idle_seconds:
            deadlines.arm(self, idle_seconds)
        self._client.start(to_client)
        self._upstream.start(to_upstream)

    @property
    def bytes_in(self) -> int:
        """Bytes that came from the client."""
        return self._client.moved

    @property
    def bytes_out(self) -> int:
        """Bytes that came from the upstream."""
        return self._upstream.moved

    def abort(self, reason: str) -> None:
        """Reset both sides; ``finished`` is called with ``reason`` before this returns."""
        self._reason = self._reason or reason
        if not self._client.lost:
            self._client.abort()
        if not self._upstream.lost:
            self._upstream.abort()

    def timed_out(self) -> None:
        """The idle time may be over: it is moved here, so that no read has to."""
        client, upstream = self._client, self._upstream
        waiting = client.waiting + upstream.waiting
        last = max(client.last, upstream.last)
        if waiting != self._waiting:
            # Bytes that we hold were taken since we last looked: somebody reads, if slowly.
            self._waiting = waiting
            last = self._deadlines.now
        left = last + self._idle - self._deadlines.now
        if left > 0:
            self._deadlines.arm(self, left)
            return
        # Whoever did not answer the other's last bytes is the silent one.
        silent = UPSTREAM_TIMEOUT if client.last > upstream.last else CLIENT_TIMEOUT
        if waiting:
            self.abort(silent)
            return
        self._reason = self._reason or silent
        client.close()
        upstream.close()

    def _side_lost(self, side: Side, error: Exception | None) -> None:
        client, upstream = self._client, self._upstream
        if error is not None:
            if not self._reason:
                self._reason = CLIENT_ABORTED if side is client else UPSTREAM_ABORTED
            other = upstream if side is client else client
            if not other.lost:
                other.abort()
        if client.lost and upstream.lost and not self.is_over:
            self.is_over = True
            self._deadlines.disarm(self)
            client.part()
            upstream.part()
            self._finished(self, self._reason or OK)


class StreamSide:
    """A side of a tunnel over any kind of stream: its stream's owner."""

    __slots__ = (
        "_ended",
        "_lost_to",
        "_peer",
        "_stream",
        "_wheel",
        "_write",
        "last",
        "lost",
        "moved",
    )

    def __init__(
        self,
        stream: Stream,
        wheel: Deadlines,
        lost_to: Callable[[Side, Exception | None], None],
    ) -> None:
        self.moved = 0
        self.last = wheel.now
        self.lost = False
        self._ended = False
        self._stream = stream
        self._wheel = wheel
        self._lost_to = lost_to
        self._peer: StreamSide
        self._write: Callable[[bytes], None]
        stream.owner = self

    def join(self, peer: StreamSide) -> None:
        """Each is the other's peer."""
        self._peer, peer._peer = peer, self
        self._write, peer._write = peer._stream.write, self._stream.write

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written to this side."""
        return self._stream.waiting

    def start(self, first: bytes) -> None:
        """Write ``first`` to this side, then begin to read from it."""
        if first:
            self._stream.write(first)
        if self._peer._stream.waiting <= HIGH_WATER:
            self._stream.resume()

    def close(self) -> None:
        """Close it after what waits is written."""
        self._stream.close()

    def abort(self) -> None:
        """Reset it."""
        self._stream.abort()

    def part(self) -> None:
        """Both sides are lost: let go of the other, so that no cycle is left to collect."""
        del self._peer, self._write, self._lost_to

    # ---- what the stream calls ----

    def data_received(self, data: bytes) -> None:
        """Bytes for the other side."""
        self.moved += len(data)
        self.last = self._wheel.now
        self._write(data)

    def end_received(self) -> None:
        """This side has finished sending: so shall we towards the other."""
        if self._ended:
            return
        self._ended = True
        self.last = self._wheel.now
        if self._peer._ended:
            self._stream.close()
            self._peer._stream.close()
        else:
            self._peer._stream.finish()

    def stream_lost(self, error: Exception | None) -> None:
        """This side is gone."""
        self.lost = True
        self._lost_to(self, error)

    def blocked(self) -> None:
        """This side does not take what we write: stop reading from the other."""
        self._peer._stream.pause()

    def drained(self) -> None:
        """It took everything."""
        if not (self._peer._ended or self._peer.lost):
            self._peer._stream.resume()
