"""A dialler without sockets: the test decides what each call meets."""

from __future__ import annotations

import errno
import os

from pointsman.model.errors import UpstreamError
from pointsman.model.server import RealServer
from pointsman.net.call import Dialled
from pointsman.net.stream import StreamOwner


class FakeStream:
    """Notes what is done with it; ``owner`` is told what the test wants it to be told."""

    def __init__(self, owner: StreamOwner) -> None:
        self.owner = owner
        self.written = b""
        self.reading = False
        self.end = ""  # how we ended it: "closed" or "aborted"
        self.waiting = 0
        self.peer = ("127.0.0.1", 1)

    def write(self, data: bytes) -> None:
        self.written += data

    def finish(self) -> None: ...

    def close(self) -> None:
        self._lose("closed")

    def abort(self) -> None:
        self._lose("aborted")

    def pause(self) -> None:
        self.reading = False

    def read_less(self) -> None: ...

    def resume(self) -> None:
        self.reading = True

    def _lose(self, how: str) -> None:
        if not self.end:
            self.end = how
            self.owner.stream_lost(None)  # at once, as a plain stream does


class FakeCall:
    """One call to a server, until the test says what became of it."""

    def __init__(self, server: RealServer, owner: Dialled, at: float) -> None:
        self.server = server
        self.owner = owner
        self.at = at  # when it was made
        self.cancelled = False
        self.stream: FakeStream | None = None

    def cancel(self) -> None:
        self.cancelled = True

    def connect(self) -> FakeStream:
        """The server accepts."""
        self.stream = FakeStream(self.owner)
        self.owner.dialled(self.stream)
        return self.stream

    def fail(self, number: int = errno.ECONNREFUSED) -> None:
        """The call fails with this error of the operating system."""
        words = os.strerror(number)
        self.owner.dial_failed(UpstreamError("connect", words, retryable=True, errno=number))
