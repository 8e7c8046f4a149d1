"""Ids for exchanges: unique among all processes, and cheap."""

from __future__ import annotations

import secrets
from itertools import count


class RequestIds:
    """Counts behind a prefix that is random for this process.

    Args:
        prefix: hexadecimal text; drawn at random (48 bits) when left out.
    """

    __slots__ = ("_count", "_prefix")

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix or secrets.token_hex(6)
        self._count = count(1)

    def next(self) -> str:
        """A new id, such as ``8f3a09c1d2e4-1f``."""
        return f"{self._prefix}-{next(self._count):x}"
