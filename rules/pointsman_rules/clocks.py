"""The two clocks of a book of rules: the program's own while files are loaded, then its room's."""

from __future__ import annotations

from collections.abc import Callable


class Clocks:
    """Seconds, of a monotonic clock and since the epoch.

    Attributes:
        monotonic, wall: what tells them now.
    """

    __slots__ = ("monotonic", "wall")

    def __init__(self, monotonic: Callable[[], float], wall: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self.wall = wall

    def seconds(self) -> float:
        """Monotonic seconds."""
        return self.monotonic()

    def epoch(self) -> float:
        """Seconds since the epoch."""
        return self.wall()
