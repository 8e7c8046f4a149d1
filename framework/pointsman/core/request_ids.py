"""Ids for exchanges: unique among all processes, and cheap."""

from __future__ import annotations

import secrets


class RequestIds:
    """Counts behind a prefix that is random for this process.

    Args:
        prefix: hexadecimal text; drawn at random (48 bits) when left out.
    """

    __slots__ = ("_made", "_prefix")

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix or secrets.token_hex(6)
        self._made = 0

    def next(self) -> str:
        """A new id, such as ``8f3a09c1d2e4-31``."""
        self._made = made = self._made + 1
        return f"{self._prefix}-{made}"
