"""``weighted_round_robin``: in turn, each as often as its weight says, evenly spread."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.untimed import Untimed


class WeightedRoundRobin(Untimed):
    """Smooth weighted round robin, as nginx does it.

    Everybody has a credit, at first 0. For each pick every candidate is credited its weight, the
    one with the highest credit is picked and pays the sum of all weights. Weights 5, 1, 1 give
    ``a a b a c a a``, not ``a a a a a b c``. A full turn has as many picks as the sum of the
    weights divided by their greatest common divisor; in it everybody is picked exactly in
    proportion to its weight, and at no time does anybody have a whole pick more than its share.

    Tie: the order of the configuration.

    Credits belong to names: a candidate that is left out (down, full, or on a retry because it
    failed) neither earns nor pays. Newcomers begin at 0. When weights shrink, no credit stays
    larger than one turn of the new ones, or the change would cause a burst.

    Source: nginx, ``ngx_http_upstream_get_peer`` ("smooth weighted round-robin", version 1.3.1).
    """

    __slots__ = ("_candidates", "_credit_of", "_credits", "_turn", "_weight_of", "_weights")

    def __init__(self) -> None:
        self._candidates: Sequence[Candidate] = ()
        self._weights: list[int] = []
        self._credits: list[int] = []
        self._turn = 0
        self._credit_of: dict[str, int] = {}
        self._weight_of: dict[str, int] = {}

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate with the highest credit."""
        if candidates is not self._candidates:
            self._change_to(candidates)
        credits = self._credits
        highest = -sys.maxsize
        best = place = 0
        for weight in self._weights:
            credits[place] = credit = credits[place] + weight
            if credit > highest:
                highest = credit
                best = place
            place += 1  # noqa: SIM113  # measured: enumerate is slower here
        credits[best] = highest - self._turn
        return candidates[best]

    def keep(self, names: Sequence[str]) -> None:
        """Forget the credits of members not named."""
        self._note_credits()
        kept = set(names)
        self._credit_of = {name: n for name, n in self._credit_of.items() if name in kept}
        self._weight_of = {name: n for name, n in self._weight_of.items() if name in kept}
        self._candidates = ()
        self._credits = []

    def _change_to(self, candidates: Sequence[Candidate]) -> None:
        self._note_credits()
        self._candidates = candidates
        self._weights = [candidate.weight for candidate in candidates]
        self._turn = sum(self._weights)
        for candidate in candidates:
            self._weight_of[candidate.name] = candidate.weight
        # Of everybody, not of the candidates: who is left out once must not lose its debt.
        most = sum(self._weight_of.values())
        self._credits = [
            max(-most, min(self._credit_of.get(candidate.name, 0), most))
            for candidate in candidates
        ]

    def _note_credits(self) -> None:
        for candidate, credit in zip(self._candidates, self._credits, strict=True):
            self._credit_of[candidate.name] = credit


def make(settings: Settings, surroundings: Surroundings) -> WeightedRoundRobin:
    """A scheduler for one pool."""
    return WeightedRoundRobin()


OFFER = Offer(Settings, make, "In turn, each as often as its weight says, evenly spread.")
