"""The part of a request body that is kept: until a server is there, and to be sent once more."""

from __future__ import annotations

from typing import Final

# More than this is not kept: a client waits until there is a server, and a retry is given up.
MOST_KEPT: Final = 64 * 1024


class KeptBody:
    """The beginning of a request body, as long as it is all of it.

    Attributes:
        whole: nothing was dropped, so the request can be sent again.
    """

    __slots__ = ("_parts", "_size", "whole")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.whole = True

    def add(self, data: bytes) -> None:
        """Keep these bytes as well, unless some were dropped already."""
        if self.whole:
            self._parts.append(data)
            self._size += len(data)

    @property
    def is_full(self) -> bool:
        """Whether no more should be taken from the client for now."""
        return self._size > MOST_KEPT

    def joined(self) -> bytes:
        """All that is kept."""
        return b"".join(self._parts)

    def drop_if_full(self) -> None:
        """It was sent; what is too much to be sent again need not be kept."""
        if self._size > MOST_KEPT:
            self._parts.clear()
            self._size = 0
            self.whole = False
