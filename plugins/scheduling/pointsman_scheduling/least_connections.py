"""``least_connections``: who has the least work under way."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.turns import Turns


class LeastConnections(Turns):
    """Picks the candidate with the fewest exchanges and tunnels under way.

    Counted is work, those being connected included, not idle upstream connections. Weights are
    not looked at; see ``weighted_least_connections``.

    Tie: who has waited longest since it was last picked, so that idle servers take turns.

    Source: Linux Virtual Server, "Least-Connection Scheduling"; the LoadMaster's ``lc``.
    """

    __slots__ = ()

    heeds_weight = False

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate with the least work."""
        if candidates is not self._lined_up:
            self._line_up(candidates)
        least = sys.maxsize
        best = 0
        waiting = self._waiting
        for place, candidate in enumerate(waiting):
            active = candidate.active
            if active < least:
                best = place
                if not active:
                    break  # nobody has less
                least = active
        chosen = waiting.pop(best)
        waiting.append(chosen)
        if best < self._unpicked:
            self._unpicked -= 1
        return chosen


def make(settings: Settings, surroundings: Surroundings) -> LeastConnections:
    """A scheduler for one pool."""
    return LeastConnections()


OFFER = Offer(Settings, make, "Who has the least work under way, whatever the weights.")
