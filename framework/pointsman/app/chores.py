"""Chores of plugins: begun when they are due, done in threads, put to use in the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.contracts import Chore, Outcome


class InThread(Protocol):
    """Does something in a thread."""

    def __call__(self, work: Callable[[], Outcome | None], /) -> Deferred[Outcome | None]:
        """Fires in the event loop with what ``work`` returned or raised."""


class Chores:
    """The chores of everything that is in service.

    Args:
        in_thread: does their work.
        current: all of them as they are now; one that is missing is not begun again, and what
            comes of it is thrown away.
    """

    log = Logger()

    def __init__(self, in_thread: InThread, current: Callable[[], Iterable[Chore]]) -> None:
        self._in_thread = in_thread
        self._current = current
        self._under_way: set[Chore] = set()
        self._said: dict[Chore, str] = {}

    def tick(self, now: float) -> None:
        """Begin what is due."""
        for chore in self._current():
            if chore not in self._under_way and chore.due(now):
                self._under_way.add(chore)
                working = self._in_thread(chore.work)
                working.addCallback(self._put_to_use, chore)
                working.addErrback(self._failed, chore)

    def _put_to_use(self, outcome: Outcome | None, chore: Chore) -> None:
        self._under_way.discard(chore)
        if not self._is_current(chore):
            return
        words = outcome() if outcome is not None else ""
        self._said.pop(chore, None)
        if words:
            self.log.info("{words}", words=words)

    def _failed(self, failure: Failure, chore: Chore) -> None:
        self._under_way.discard(chore)
        if not self._is_current(chore):
            return
        if failure.check(ValueError, OSError) is None:
            self.log.failure("a chore of a plugin failed: {chore!r}", failure, chore=chore)
            return
        words = str(failure.value)
        if self._said.get(chore) != words:
            self._said[chore] = words
            self.log.warn("{words}", words=words)

    def _is_current(self, chore: Chore) -> bool:
        current = set(self._current())
        self._said = {each: words for each, words in self._said.items() if each in current}
        return chore in current
