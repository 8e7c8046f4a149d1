"""Chores: what is to be done again and again beside the traffic, and takes time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# Puts the outcome of a chore to use, in the event loop; returns a line for the log, or "".
Outcome = Callable[[], str]


class Chore(Protocol):
    """Work that may block (files, the network), done in a thread so that no traffic waits.

    One that is under way is not begun again. What ``work`` reads of itself must not change under
    it; what it finds out is put to use by the outcome, in the event loop.
    """

    def due(self, now: float) -> bool:
        """Whether to do it now; asked about twice a second, in the event loop.

        Args:
            now: monotonic seconds.
        """

    def work(self) -> Outcome | None:
        """Do it, in a thread; what to do with the outcome, None if there is none.

        Raises:
            ValueError, OSError: it failed, in words for people. They are told to the log once for
                as long as it fails in the same way. The outcome may raise the same.
        """
