"""Values by key, such as counters, that several processes may share and that may outlive them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Protocol

# What is kept. True is no number.
Value = str | int | float | bool


class Values(Protocol):
    """Remembers values by key, each until its end.

    Times are seconds of a monotonic clock that the caller passes in, of several processes on one
    machine ``time.monotonic``; a time to live is seconds from then, infinity for ever.

    No call waits for a disk or a network. What this process does it sees at once, and the others
    a moment later. Whatever several of them count at the same time adds up.

    Derive from it: ``common``, ``get``, ``left``, ``set``, ``add``, ``incr``, ``drop`` and
    ``__len__`` are yours to write; the others do nothing until you write them.
    """

    @property
    def outlives(self) -> bool:
        """Whether the values outlive the process."""
        return False

    def start(self, reactor: Any) -> None:
        """The site begins to work: open what has to be opened. Starting twice is fine.

        Nothing touches a file or a network before, nor is anything else called but ``close``.

        Raises:
            TableError: files cannot be used; says where, what and what to do.
        """
        return None

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call back once what others have left is known here, or cannot be had."""
        call()

    def common(self, now: float) -> float:
        """Seconds that all who share these values agree about, more or less, at any time."""

    def get(self, key: bytes, now: float) -> Value | None:
        """The live value of that key, or None."""

    def left(self, key: bytes, now: float) -> float | None:
        """Seconds that it still has, infinity for ever; None if there is none."""

    def set(self, key: bytes, value: Value, ttl: float, now: float) -> None:
        """Set a value, whatever is there; another one may have to make room."""

    def add(self, key: bytes, value: Value, ttl: float, now: float) -> bool:
        """Set a value if there is none; whether there was none, as far as is known here."""

    def incr(
        self,
        key: bytes,
        by: float,
        ttl: float,
        now: float,
        *,
        least: float = -inf,
        prolong: bool = False,
    ) -> int | float | None:
        """Count up from what is there, from ``least`` if that is more, and from 0 if it is nothing.

        The time to live holds for a value that is made by this, or for any value with ``prolong``
        if it is longer than what is left. ``least`` is in the order of things that only grow, such
        as times: who counts at the same time may have had a smaller one.

        Returns:
            The new value as it is known here; None if there is a text or a truth, which stays.
        """

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine."""

    def expire(self, now: float) -> int:
        """Forget some of what is over its time; how much that was. Called about once a second."""
        return 0

    def __len__(self) -> int:
        """How many values there are, some over their time included."""

    def close(self) -> None:
        """Write what is to be kept, let go of files and connections. Closing twice is fine."""
        return None
