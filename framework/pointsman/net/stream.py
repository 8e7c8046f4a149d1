"""What the data plane asks of a byte stream, and what a stream tells its owner."""

from __future__ import annotations

from typing import Protocol

# When this much is waiting to be written, the owner is told to stop producing.
HIGH_WATER = 64 * 1024


class StreamOwner(Protocol):
    """Whoever reads from a stream: a client connection, an upstream connection, a tunnel."""

    def data_received(self, data: bytes) -> None:
        """Bytes came, never empty."""

    def end_received(self) -> None:
        """The peer has finished sending; it may still read (half-close)."""

    def stream_lost(self, error: Exception | None) -> None:
        """The stream is gone. Called exactly once, last; ``error`` is None if we closed it."""

    def blocked(self) -> None:
        """More than HIGH_WATER bytes wait to be written: stop producing."""

    def drained(self) -> None:
        """After ``blocked``: everything is written, go on."""


class Stream(Protocol):
    """An open byte stream. Plain, TLS and in-process ones look alike to their owners.

    ``write`` never calls back into the owner but by ``blocked``; losses are told later.
    """

    owner: StreamOwner

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, keep the rest. Ignored once closing or broken."""

    def finish(self) -> None:
        """Close our sending side once all is written; reading goes on (half-close)."""

    def close(self) -> None:
        """Close both sides once all is written; ``stream_lost(None)`` follows."""

    def abort(self) -> None:
        """Close at once, dropping what is unwritten; the peer sees a reset."""

    def pause(self) -> None:
        """Stop reading until ``resume``; pausing twice is fine."""

    def resume(self) -> None:
        """Read again. After the end this tells the end again, so that a new owner learns of it."""

    def read_less(self) -> None:
        """Give little at a time from now on: what comes costs so much that others would wait."""

    @property
    def waiting(self) -> int:
        """Bytes accepted by ``write`` that are not yet sent."""

    @property
    def peer(self) -> tuple[str, int]:
        """Address text and port of the other side; ("", 0) for unix sockets."""
