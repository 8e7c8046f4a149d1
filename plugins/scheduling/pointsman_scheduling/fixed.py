"""``fixed``: everything to one server, the others stand by."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import Field, model_validator

from pointsman.contracts import Arrival, Candidate, Duration, Offer, Settings, Surroundings
from pointsman_scheduling.untimed import Untimed


class FixedSettings(Settings):
    """When new work goes back to a better server that has returned.

    Attributes:
        failback: ``immediate``: at once; ``never``: when the present one goes away; ``after``:
            when the better one has been available for that time.
        after: that time, in seconds; only with ``failback: after``.
    """

    failback: Literal["immediate", "never", "after"] = "immediate"
    after: Duration = Field(
        default=30.0,
        gt=0,
        description="for how long the better one must have been there; with `failback: after`",
        examples=["5m"],
    )

    @model_validator(mode="after")
    def _after_belongs_to_after(self) -> FixedSettings:
        if "after" in self.model_fields_set and self.failback != "after":
            raise ValueError(f"`after` has no effect with `failback: {self.failback}`")
        return self


class Fixed(Untimed):
    """Picks the candidate with the highest weight; with ``failback``, stays with the present one.

    Tie: the order of the configuration.

    *Going over.* When the present one is not among the candidates, the best of them serves. It
    becomes the present one when the same tuple of candidates comes a second time: a retry has a
    tuple of its own, and one failed attempt must not send everybody to the spare for good.

    *Going back.* ``back_after`` 0 goes back at once, ``math.inf`` never, and in between when
    arrivals have found the better one available for that long without a gap. Time is looked at
    only when there is an arrival, so the time runs from the first that finds it.

    Args:
        back_after: seconds.
        clock: monotonic seconds.

    Source: the LoadMaster's ``fixed`` (which goes back at once); HAProxy ``backup`` servers.
    """

    __slots__ = (
        "_back_after",
        "_better",
        "_better_since",
        "_chosen",
        "_clock",
        "_passing",
        "_present",
        "_settled",
    )

    def __init__(
        self, back_after: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._back_after = back_after
        self._clock = clock
        self._present = ""
        self._better = ""
        self._better_since = 0.0
        self._passing: Sequence[Candidate] = ()
        self._settled: Sequence[Candidate] = ()
        self._chosen: Candidate | None = None

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The present one, or the one that takes over."""
        if candidates is self._settled and self._chosen is not None:
            return self._chosen
        best = candidates[0]
        for candidate in candidates:
            if candidate.weight > best.weight:
                best = candidate
        if not self._back_after:
            return self._settle(best, candidates)
        for candidate in candidates:
            if candidate.name == self._present:
                return self._stay_or_go_back(candidate, best, candidates)
        return self._go_over(best, candidates)

    def keep(self, names: Sequence[str]) -> None:
        """Forget the present one if it is not named."""
        if self._present not in names:
            self._present = ""
        self._better = ""
        self._passing = self._settled = ()
        self._chosen = None

    def _settle(self, chosen: Candidate, candidates: Sequence[Candidate]) -> Candidate:
        """There is nothing to think about as long as these are the candidates."""
        self._settled = candidates
        self._chosen = chosen
        return chosen

    def _go_over(self, best: Candidate, candidates: Sequence[Candidate]) -> Candidate:
        if self._present and candidates is not self._passing:
            self._passing = candidates
            return best
        self._present = best.name
        self._better = ""
        return self._settle(best, candidates)

    def _stay_or_go_back(
        self, present: Candidate, best: Candidate, candidates: Sequence[Candidate]
    ) -> Candidate:
        if best is present or self._back_after == math.inf:
            self._better = ""
            return self._settle(present, candidates)
        now = self._clock()
        if self._better != best.name:
            self._better = best.name
            self._better_since = now
        if now - self._better_since < self._back_after:
            return present
        self._present = best.name
        self._better = ""
        return self._settle(best, candidates)


def make(settings: FixedSettings, surroundings: Surroundings) -> Fixed:
    """A scheduler for one pool."""
    return Fixed({"immediate": 0.0, "never": math.inf, "after": settings.after}[settings.failback])


OFFER = Offer(FixedSettings, make, "Everything to the heaviest server, the others stand by.")
