"""One direction of a connection that exists in memory only: bytes wait here for their reader."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from twisted.logger import Logger

# One delivery joins waiting chunks up to about this much.
_DELIVERY_SIZE = 64 * 1024

_log = Logger()


class LaneReader(Protocol):
    """The end that bytes come out of."""

    def lane_data(self, data: bytes) -> None:
        """Bytes came, never empty."""

    def lane_end(self) -> None:
        """The writer has finished and everything was delivered."""

    def lane_failed(self, error: Exception) -> None:
        """The reader raised while it was given bytes or the end; it was logged."""


class LaneWriter(Protocol):
    """The end that bytes go into."""

    def lane_empty(self) -> None:
        """Everything that was written has been delivered."""


class Lane:
    """Carries bytes from a writer to a reader, each delivery in a turn of the reactor of its own.

    So no call of one side ever comes back into it by way of the other.

    Args:
        reactor: offers callLater.
        writer: told when the lane has run empty.
        reader: told of bytes and the end; nothing is delivered before ``resume``.

    Attributes:
        ended: whether the reader was told of the end.
        size: bytes that wait for the reader.
    """

    __slots__ = (
        "_chunks",
        "_cut",
        "_ending",
        "_flowing",
        "_reactor",
        "_turn",
        "ended",
        "reader",
        "size",
        "writer",
    )

    def __init__(self, reactor: Any, writer: LaneWriter, reader: LaneReader) -> None:
        self.writer = writer
        self.reader = reader
        self._reactor = reactor
        self._chunks: deque[bytes] = deque()
        self._turn: Any = None
        self._flowing = False
        self._ending = False
        self._cut = False
        self.ended = False
        self.size = 0

    def push(self, data: bytes) -> None:
        """Take bytes; ignored once finished or cut."""
        if data and not (self._ending or self._cut):
            self._chunks.append(data)
            self.size += len(data)
            self._schedule()

    def finish(self) -> None:
        """The writer is done: the end is told after the last byte."""
        self._ending = True
        self._schedule()

    def cut(self) -> None:
        """Drop what waits; nothing is delivered any more."""
        self._cut = True
        self._chunks.clear()
        self.size = 0
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def pause(self) -> None:
        """The reader wants nothing for now."""
        self._flowing = False

    def resume(self) -> None:
        """The reader goes on; if it has paused since it was told of the end, it is told again."""
        if not self._flowing:
            self._flowing = True
            self._schedule()

    def _schedule(self) -> None:
        if self._turn is not None or self._cut or not self._flowing:
            return
        if self._chunks or self._ending:
            self._turn = self._reactor.callLater(0, self._deliver)

    def _deliver(self) -> None:
        self._turn = None
        if self._cut or not self._flowing:
            return
        try:
            if self._chunks:
                self.reader.lane_data(self._next_delivery())
                if not self._chunks and not self._cut:
                    self.writer.lane_empty()
            else:
                self._flowing = False
                self.ended = True
                self.reader.lane_end()
        except Exception as error:
            _log.failure("while {reader!r} read from an in-process connection", reader=self.reader)
            self.reader.lane_failed(error)
        self._schedule()

    def _next_delivery(self) -> bytes:
        chunks = self._chunks
        taken = [chunks.popleft()]
        size = len(taken[0])
        while chunks and size + len(chunks[0]) <= _DELIVERY_SIZE:
            taken.append(chunks.popleft())
            size += len(taken[-1])
        self.size -= size
        return b"".join(taken)
