"""Bulk through a kernel pipe: from socket to socket without being copied into this process."""

from __future__ import annotations

import contextlib
import fcntl
import os

# Bytes that a pipe holds; more does not help, and a user's pipes share a limit of pages.
PIPE_SIZE = 1024 * 1024

CAN_SPLICE = hasattr(os, "splice")
_MOVE = getattr(os, "SPLICE_F_MOVE", 0) | getattr(os, "SPLICE_F_NONBLOCK", 0)


class Pipe:
    """A non-blocking pipe that is filled from one socket and drained into another.

    Attributes:
        held: bytes that are in it.

    Raises:
        OSError: no descriptors are left.
    """

    __slots__ = ("_sink", "_source", "held")

    def __init__(self) -> None:
        self._source, self._sink = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.held = 0
        # Over the user's limit (pipe(7)) the kernel's default size does as well, if slower.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._sink, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def fill(self, fd: int) -> int:
        """Move what a socket has into the pipe, which must be empty.

        Returns:
            The number of bytes, 0 at the end of the stream.

        Raises:
            BlockingIOError: the socket has nothing now.
            OSError: of the socket.
        """
        size = os.splice(fd, self._sink, PIPE_SIZE, flags=_MOVE)
        self.held += size
        return size

    def drain(self, fd: int) -> bool:
        """Move to a socket what it takes; whether the pipe is empty now.

        Raises:
            OSError: of the socket.
        """
        try:
            self.held -= os.splice(self._source, fd, self.held, flags=_MOVE)
        except (BlockingIOError, InterruptedError):
            return False
        return not self.held

    def take_back(self) -> bytes:
        """Read out what is in the pipe, for a socket that nothing can be spliced to."""
        parts = []
        while self.held:
            parts.append(os.read(self._source, self.held))
            self.held -= len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Give both descriptors back."""
        os.close(self._source)
        os.close(self._sink)


class Pipes:
    """A short list of empty pipes, because making one costs as much as a few reads.

    Args:
        keep: how many unused pipes are kept open.
    """

    __slots__ = ("_free", "_keep")

    def __init__(self, keep: int = 16) -> None:
        self._keep = keep
        self._free: list[Pipe] = []

    def take(self) -> Pipe | None:
        """An empty pipe, or None if there can be none now (no descriptors left, no splice)."""
        if self._free:
            return self._free.pop()
        if not CAN_SPLICE:
            return None
        try:
            return Pipe()
        except OSError:
            return None

    def give(self, pipe: Pipe) -> None:
        """Take a pipe back; one that still holds bytes of its tunnel is never used again."""
        if pipe.held or len(self._free) >= self._keep:
            pipe.close()
        else:
            self._free.append(pipe)

    def close(self) -> None:
        """Close those that are kept."""
        while self._free:
            self._free.pop().close()
