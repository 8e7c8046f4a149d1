"""The one timer of a running site: everything that is due now and then rides on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.logger import Logger

Due = Callable[[float], object]


class Ticker:
    """Calls everything that is due, every ``interval`` seconds, on a grid that does not slip.

    Args:
        reactor: offers callLater.
        clock: monotonic seconds.
        interval: seconds between two ticks.
        due: each is given ``clock()``; one that raises is logged and the others still run.
    """

    log = Logger()

    def __init__(
        self, reactor: Any, clock: Callable[[], float], interval: float, due: Sequence[Due]
    ) -> None:
        self._reactor = reactor
        self._clock = clock
        self._interval = interval
        self._due = tuple(due)
        self._next = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Tick from now on; the first tick comes after one interval."""
        self._next = self._clock()
        self._wait()

    def stop(self) -> None:
        """Tick no more. Stopping twice is fine."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _wait(self) -> None:
        now = self._clock()
        # After a stall the ticks that were missed are not made up for: each would find the same.
        self._next += self._interval
        if self._next <= now:
            self._next = now + self._interval
        self._timer = self._reactor.callLater(self._next - now, self._tick)

    def _tick(self) -> None:
        self._wait()
        now = self._clock()
        for due in self._due:
            try:
                due(now)
            except Exception:
                self.log.failure("{due} failed at a tick", due=due)
