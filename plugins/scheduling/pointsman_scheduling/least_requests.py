"""``least_requests``: who has the fewest requests under way, tunnels not counted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.turns import Turns


class LeastRequests(Turns):
    """Picks the candidate with the fewest requests under way.

    Like ``least_connections``, but WebSockets and other tunnels do not count: they stay open for
    hours and say little about how busy a server is. In tcp mode all work is tunnels, so that
    this is ``round_robin`` there. Weights are not looked at.

    Tie: who has waited longest since it was last picked.

    Source: Envoy, "Weighted least request", without its weights and without its sampling.
    """

    __slots__ = ()

    heeds_weight = False

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate with the fewest requests."""
        if candidates is not self._lined_up:
            self._line_up(candidates)
        fewest = sys.maxsize
        best = 0
        waiting = self._waiting
        for place, candidate in enumerate(waiting):
            requests = candidate.active - candidate.tunnels
            if requests < fewest:
                best = place
                if not requests:
                    break  # nobody has fewer
                fewest = requests
        chosen = waiting.pop(best)
        waiting.append(chosen)
        if best < self._unpicked:
            self._unpicked -= 1
        return chosen


def make(settings: Settings, surroundings: Surroundings) -> LeastRequests:
    """A scheduler for one pool."""
    return LeastRequests()


OFFER = Offer(Settings, make, "Who has the fewest requests under way, tunnels not counted.")
