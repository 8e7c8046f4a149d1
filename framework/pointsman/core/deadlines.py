"""A coarse wheel of deadlines: one tick a second serves the timeouts of all connections."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Final, Protocol

_LEAP: Final = 3600  # seconds


class Timed(Protocol):
    """Something with a deadline. The wheel keeps its place in ``slot``.

    Attributes:
        deadline: second at which it is over, 0 for never.
        slot: second of the wheel at which it will be looked at, 0 if it is not in the wheel.
    """

    deadline: int
    slot: int

    def timed_out(self) -> None:
        """The deadline has passed; it was set to 0 before this call."""


class Deadlines:
    """Deadlines with a resolution of one second, cheap to move.

    Moving a deadline to a later second only stores a number: the wheel looks again when the old
    second comes, and finds that there is time left. So an exchange that sets three deadlines and
    is done within a second costs three assignments.

    Args:
        now: monotonic seconds.
        report: told of a ``timed_out`` that raised; without it the error ends the tick.

    Attributes:
        now: the current second; moves only with ``tick``.
    """

    __slots__ = ("_report", "_slots", "now")

    def __init__(
        self, now: float, report: Callable[[Timed, Exception], None] | None = None
    ) -> None:
        self.now = int(now)
        self._report = report or _raise
        self._slots: dict[int, set[Timed]] = {}

    def arm(self, timed: Timed, seconds: float) -> None:
        """Let ``timed`` be over in ``seconds``, rounded up to the next tick; 0 means never."""
        if not seconds:
            timed.deadline = 0
            return
        # One more second, because part of the current one is already gone.
        timed.deadline = deadline = self.now + 1 + ceil(seconds)
        slot = timed.slot
        if slot == 0 or deadline < slot:
            self._place(timed, deadline)

    def disarm(self, timed: Timed) -> None:
        """Take it out of the wheel for good."""
        timed.deadline = 0
        if timed.slot:
            self._slots.get(timed.slot, set()).discard(timed)
            timed.slot = 0

    def tick(self, now: float) -> None:
        """The clock says ``now`` seconds: call ``timed_out`` on all whose time is over."""
        second = int(now)
        slots = self._slots
        if second - self.now < _LEAP:
            for slot in range(self.now + 1, second + 1):
                self._serve(slot)
        else:
            # The clock has leapt: only the seconds that hold somebody, also those placed now.
            while (slot := min(slots, default=second + 1)) <= second:
                self._serve(slot)
        self.now = max(self.now, second)

    def _serve(self, slot: int) -> None:
        self.now = slot
        waiting = self._slots.pop(slot, None)
        while waiting:
            timed = waiting.pop()
            try:
                self._look_at(timed, slot)
            except Exception as error:
                # One that fails must not cost the others their timeouts.
                self._report(timed, error)

    def _look_at(self, timed: Timed, second: int) -> None:
        timed.slot = 0
        if timed.deadline == 0:
            return
        if timed.deadline > second:
            self._place(timed, timed.deadline)
            return
        timed.deadline = 0
        timed.timed_out()

    def _place(self, timed: Timed, slot: int) -> None:
        if timed.slot:
            self._slots[timed.slot].discard(timed)
        timed.slot = slot
        self._slots.setdefault(slot, set()).add(timed)


def _raise(timed: Timed, error: Exception) -> None:
    raise error
