"""Timers of rules: ``every`` and ``after``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

Problem = tuple[None, str]
SHORTEST = 0.01
LONGEST = 7 * 86400.0


class Timers:
    """The timers of one book of rules.

    Args:
        most: at a time.
        run: called when one is due, with its number and whose it is.
    """

    def __init__(self, most: int, run: Callable[[Any, int], None]) -> None:
        self._most = most
        self._run = run
        self._reactor: Any = None
        # Number -> owner, seconds, whether again and again, what the reactor holds.
        # The owner's Lua holds what makes timers: that must not hold the owner.
        self._all: dict[int, tuple[ref[Any], float, bool, Any]] = {}
        self._last = 0

    def add(self, owner: Any, delay: float, every: bool) -> int | Problem:
        """A timer; it runs once the service does."""
        if not SHORTEST <= delay <= LONGEST:
            return None, f"a timer takes from {SHORTEST} seconds to 7 days, got {delay:g}"
        if len(self._all) >= self._most:
            return None, f"more than {self._most} timers (limits.timers)"
        self._last += 1
        self._all[self._last] = (ref(owner), delay, every, None)
        if self._reactor is not None:
            self._arm(self._last)
        return self._last

    def start(self, reactor: Any) -> None:
        """The service runs."""
        self._reactor = reactor
        for number in self._all:
            self._arm(number)

    def drop(self, owner: Any) -> None:
        """Forget the timers of one owner."""
        self._forget([n for n, told in self._all.items() if told[0]() is owner])

    def stop(self) -> None:
        """Forget all of them."""
        self._forget([*self._all])
        self._reactor = None

    def _forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            call = self._all.pop(number)[3]
            if call is not None and call.active():
                call.cancel()

    def __len__(self) -> int:
        return len(self._all)

    def _arm(self, number: int) -> None:
        owner, delay, every, _ = self._all[number]
        call = self._reactor.callLater(delay, self._due, number)
        self._all[number] = (owner, delay, every, call)

    def _due(self, number: int) -> None:
        owner, _, every, _ = self._all[number]
        if every:
            self._arm(number)
        else:
            del self._all[number]
        if (known := owner()) is not None:
            self._run(known, number)
