"""Owners that note what they are told, and a stream that a test plays the peer of."""

from __future__ import annotations

from pointsman.model.errors import UpstreamError
from pointsman.net.stream import HIGH_WATER, Stream, StreamOwner


class NotingOwner:
    """A stream's owner (and a dialler's caller) that notes what it is told."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.data = bytearray()
        self.ended = 0
        self.losses: list[Exception | None] = []
        self.flow: list[str] = []
        self.failure: UpstreamError | None = None

    @property
    def is_lost(self) -> bool:
        return bool(self.losses)

    def data_received(self, data: bytes) -> None:
        assert data
        assert not self.losses
        self.data += data

    def end_received(self) -> None:
        assert not self.losses
        self.ended += 1

    def stream_lost(self, error: Exception | None) -> None:
        self.losses.append(error)

    def blocked(self) -> None:
        self.flow.append("blocked")

    def drained(self) -> None:
        self.flow.append("drained")

    def dialled(self, stream: Stream) -> None:
        self.stream = stream

    def dial_failed(self, error: UpstreamError) -> None:
        self.failure = error


class PlayedStream:
    """A stream in memory; the test says what its peer sends, takes and breaks.

    What the peer sends while the stream is paused waits, as it would in a kernel.
    """

    def __init__(self, owner: StreamOwner | None = None) -> None:
        self.owner: StreamOwner = owner or NotingOwner()
        self.sent: list[bytes] = []  # by the peer, not yet read
        self.reads_less = False
        self.peer_ended = False
        self.taken = bytearray()  # by the peer
        self.finish_taken = 0
        self.lost = False
        self.aborted = False
        self.most_waiting = 0
        self.peer = ("192.0.2.1", 1234)
        self._end_told = False
        self._jammed = False
        self._waiting = bytearray()
        self._blocked = False
        self._reading = False
        self._finishing = False
        self._closing = False

    # ---- the stream ----

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def write(self, data: bytes) -> None:
        if self._finishing or self._closing or self.lost:
            return
        self._waiting += data
        self._flush()
        self.most_waiting = max(self.most_waiting, self.waiting)
        if self.waiting > HIGH_WATER and not self._blocked:
            self._blocked = True
            self.owner.blocked()

    def finish(self) -> None:
        if not (self._finishing or self._closing or self.lost):
            self._finishing = True
            self._flush()

    def close(self) -> None:
        if not (self._closing or self.lost):
            self._closing = True
            self._flush()

    def abort(self) -> None:
        if not self.lost:
            self.aborted = True
            self._lose(None)

    def pause(self) -> None:
        self._reading = False

    def read_less(self) -> None:
        self.reads_less = True

    def resume(self) -> None:
        self._reading = True

    # ---- the peer ----

    def turn(self) -> None:
        """Let the stream read what its peer has sent."""
        while self.sent and self._reading and not (self.lost or self._closing):
            self.owner.data_received(self.sent.pop(0))
        gone = self._end_told or self.lost or self._closing
        if self.peer_ended and self._reading and not (self.sent or gone):
            self._end_told = True
            self._reading = False
            self.owner.end_received()

    def jam(self) -> None:
        """The peer reads no more."""
        self._jammed = True

    def unjam(self) -> None:
        """The peer reads all there is."""
        self._jammed = False
        self._flush()

    def break_off(self) -> None:
        """The peer resets."""
        if not self.lost:
            self._lose(ConnectionResetError())

    def _flush(self) -> None:
        if self._jammed or self.lost:
            return
        self.taken += self._waiting
        self._waiting.clear()
        if self._finishing and not self.finish_taken:
            self.finish_taken = 1
        if self._closing:
            self._lose(None)
        elif self._blocked:
            self._blocked = False
            self.owner.drained()

    def _lose(self, error: Exception | None) -> None:
        self.lost = True
        self._waiting.clear()
        self.owner.stream_lost(error)
