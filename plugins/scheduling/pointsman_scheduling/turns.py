"""Taking turns: which of the candidates has waited longest since it was last picked."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.contracts import Candidate
from pointsman_scheduling.untimed import Untimed


class Turns(Untimed):
    """Keeps the candidates in the order in which they wait: who waits longest stands first.

    Members that were never picked stand before all others, in the order of the configuration.
    The order is one of names and outlives the candidates: a member that is down for a while or
    left out of a retry keeps its place, and a pick made by a retry counts like any other. So a
    retry neither skips a member's turn nor gives one twice, and a server that refuses work
    comes no sooner again than a good one.

    A subclass picks like this, written out because it runs for every request::

        if candidates is not self._lined_up:
            self._line_up(candidates)
        waiting = self._waiting
        place = ...                       # where in it the chosen one stands
        chosen = waiting.pop(place)
        waiting.append(chosen)
        if place < self._unpicked:
            self._unpicked -= 1
        return chosen

    Attributes:
        _lined_up: the tuple that ``_waiting`` was made of.
        _waiting: its candidates, who waits longest first.
        _unpicked: how many of these, from the front, were not picked since they were lined up.
        _names: everybody ever picked, who waits longest first, as of the last lining up.
    """

    __slots__ = ("_lined_up", "_names", "_unpicked", "_waiting")

    def __init__(self) -> None:
        self._lined_up: Sequence[Candidate] = ()
        self._waiting: list[Candidate] = []
        self._unpicked = 0
        self._names: list[str] = []

    def keep(self, names: Sequence[str]) -> None:
        """Forget the turns of members not named; the others keep their places."""
        self._note_turns()
        kept = set(names)
        self._names = [name for name in self._names if name in kept]
        self._lined_up = ()
        self._waiting = []
        self._unpicked = 0

    def _line_up(self, candidates: Sequence[Candidate]) -> None:
        self._note_turns()
        places = {name: place for place, name in enumerate(self._names)}
        # Sorting is stable: newcomers stay in the order of the configuration.
        self._waiting = sorted(candidates, key=lambda candidate: places.get(candidate.name, -1))
        self._unpicked = len(candidates)
        self._lined_up = candidates

    def _note_turns(self) -> None:
        picked = [candidate.name for candidate in self._waiting[self._unpicked :]]
        if picked:
            moved = set(picked)
            self._names = [name for name in self._names if name not in moved] + picked
