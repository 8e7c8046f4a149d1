"""``round_robin``: everybody in turn, whatever the weights."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.turns import Turns


class RoundRobin(Turns):
    """Picks the candidate that has waited longest since it was last picked.

    As long as the candidates stay the same this is the plain rotation in the order of the
    configuration. When they change, nobody loses or gains more than the turn under way: in any
    run of picks two members that were candidates all the time differ by at most one.

    Weights are not looked at; see ``weighted_round_robin``. Tie: never picked before, then the
    order of the configuration.

    Source: Linux Virtual Server, "Round-Robin Scheduling"; the LoadMaster's ``rr``.
    """

    __slots__ = ()

    heeds_weight = False

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate that has waited longest."""
        if candidates is not self._lined_up:
            self._line_up(candidates)
        waiting = self._waiting
        chosen = waiting.pop(0)
        waiting.append(chosen)
        if self._unpicked:
            self._unpicked -= 1
        return chosen


def make(settings: Settings, surroundings: Surroundings) -> RoundRobin:
    """A scheduler for one pool."""
    return RoundRobin()


OFFER = Offer(Settings, make, "Everybody in turn, whatever the weights.")
