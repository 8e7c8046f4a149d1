"""``weighted_least_connections``: who has the least work under way for its weight."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.turns import Turns


class WeightedLeastConnections(Turns):
    """Picks the candidate with the lowest (active + 1) / weight.

    That is the load it would have *with* the new work; so of idle servers the heaviest comes
    first, and a lighter one follows when the heavier is busy in proportion. Compared by cross
    multiplication: exact, whatever the weights.

    Tie: who has waited longest since it was last picked.

    Source: HAProxy ``leastconn`` (lb_fwlc.c), after LVS "Weighted Least-Connection Scheduling",
    which compares active / weight; the LoadMaster's ``wlc``.
    """

    __slots__ = ()

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate with the least work for its weight."""
        if candidates is not self._lined_up:
            self._line_up(candidates)
        load, weight = 1, 0  # as good as infinite: any candidate beats it
        best = 0
        waiting = self._waiting
        for place, candidate in enumerate(waiting):
            its_load = candidate.active + 1
            its_weight = candidate.weight
            if its_load * weight < load * its_weight:
                load, weight = its_load, its_weight
                best = place
        chosen = waiting.pop(best)
        waiting.append(chosen)
        if best < self._unpicked:
            self._unpicked -= 1
        return chosen


def make(settings: Settings, surroundings: Surroundings) -> WeightedLeastConnections:
    """A scheduler for one pool."""
    return WeightedLeastConnections()


OFFER = Offer(Settings, make, "Who has the least work under way for its weight.")
