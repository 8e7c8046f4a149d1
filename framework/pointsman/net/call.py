"""A call to a real server: who wants the stream, and how the call is given up."""

from __future__ import annotations

from typing import Protocol

from pointsman.model.errors import UpstreamError
from pointsman.net.stream import Stream, StreamOwner


class Dialled(StreamOwner, Protocol):
    """Who wants a stream to a server, and owns it once it is there."""

    def dialled(self, stream: Stream) -> None:
        """Connected. May be called before ``Dialler.dial`` returns. Reading is not yet on."""

    def dial_failed(self, error: UpstreamError) -> None:
        """All addresses refused, were unreachable, or the time is over. Nothing was sent."""


class Call(Protocol):
    """An attempt under way."""

    def cancel(self) -> None:
        """Give up; neither ``dialled`` nor ``dial_failed`` is called any more."""
