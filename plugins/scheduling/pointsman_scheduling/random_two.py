"""``random_two``: the less busy of two that are drawn by lot."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings
from pointsman_scheduling.untimed import Untimed


class RandomTwo(Untimed):
    """Draws two different candidates and picks the one with the lower active / weight.

    Each is drawn with a chance in proportion to its weight, the second among those that remain.
    Where several balancers do not know of each other, this keeps them from running to the same
    server all at once, as ``least_connections`` would.

    Tie: the first drawn, so that idle servers are picked about as their weights say.

    Args:
        source: the source of chance; only ``random()`` is used.

    Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001);
    HAProxy ``random(2)`` (``get_server_rnd``: drawn by weight, compared by served / weight).
    """

    __slots__ = ("_candidates", "_last", "_random", "_total", "_up_to", "_weights")

    def __init__(self, source: random.Random) -> None:
        self._random = source.random
        self._candidates: Sequence[Candidate] = ()
        self._weights: list[int] = []
        self._up_to: list[int] = []
        self._total = 0
        self._last = 0

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The less busy of two candidates; the candidate if there is one only."""
        if candidates is not self._candidates:
            self._change_to(candidates)
        last = self._last
        if not last:
            return candidates[0]
        up_to = self._up_to
        # Searching up to `last` only: a sum that was rounded up to the total is the last one's.
        first = bisect(up_to, self._random() * self._total, 0, last)
        weight = self._weights[first]
        draw = self._random() * (self._total - weight)
        if draw >= up_to[first] - weight:
            draw += weight  # step over the first one
        one, other = candidates[first], candidates[bisect(up_to, draw, 0, last)]
        if other.active * one.weight < one.active * other.weight:
            return other
        return one

    def keep(self, names: Sequence[str]) -> None:
        """Nothing is remembered of a member but what the candidates tell."""
        self._candidates = ()

    def _change_to(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        self._weights = [candidate.weight for candidate in candidates]
        self._up_to = list(accumulate(self._weights))
        self._total = self._up_to[-1]
        self._last = len(candidates) - 1


def make(settings: Settings, surroundings: Surroundings) -> RandomTwo:
    """A scheduler for one pool, seeded by the operating system."""
    return RandomTwo(random.Random())


OFFER = Offer(Settings, make, "The less busy of two that are drawn by lot.")
