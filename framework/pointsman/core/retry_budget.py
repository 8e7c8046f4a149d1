"""The budget of retries: a service in trouble must not be given its own load several times over."""

from __future__ import annotations

from typing import Final

# Seconds that are looked back on, at least; at most twice as long.
WINDOW: Final = 10.0


class RetryBudget:
    """How many requests may be sent again, counted over the present window and the one before."""

    __slots__ = ("_before", "_begun", "_used", "_used_before")

    def __init__(self) -> None:
        self._begun = 0
        self._before = 0
        self._used = 0
        self._used_before = 0

    def take(self, exchanges: int, share: float, least: int) -> bool:
        """Whether one more may be sent again; then it counts as sent.

        Args:
            exchanges: how many the service has finished, ever.
            share: of the exchanges that may be sent again, 0.0 to 1.0.
            least: so many are allowed in any case.
        """
        lately = exchanges - self._begun + self._before
        used = self._used + self._used_before
        if used >= least + share * lately:
            return False
        self._used += 1
        return True

    def turn(self, exchanges: int) -> None:
        """A window is over."""
        self._before, self._begun = exchanges - self._begun, exchanges
        self._used_before, self._used = self._used, 0
