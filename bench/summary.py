"""What the samples say: medians, ratios taken within one round, spread, and targets met."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.cases import Case, Target


@dataclass(frozen=True)
class Sample:
    """One measurement: a rival in a case in a round, in the case's unit."""

    case: str
    rival: str
    round: int
    value: float


@dataclass
class Results:
    """All that a run has measured, and what went wrong in it."""

    samples: list[Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, case: str, rival: str) -> dict[int, float]:
        """Return a rival's values in a case by round."""
        return {s.round: s.value for s in self.samples if (s.case, s.rival) == (case, rival)}

    def rounds(self) -> int:
        """Count the rounds in which anything was measured."""
        return len({sample.round for sample in self.samples})


@dataclass(frozen=True)
class Middle:
    """A median and how far the values stray from it."""

    median: float
    spread: float | None  # half the distance of the extremes / the median; None of one value

    def __str__(self) -> str:
        spread = "" if self.spread is None else f" ±{100 * self.spread:.0f}%"
        return digits(self.median) + spread


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured of it; None where one side of it is missing."""

    case: str
    target: Target
    measured: float | None

    @property
    def met(self) -> bool | None:
        """Tell whether the target was reached; None where it could not be seen."""
        return None if self.measured is None else self.measured <= self.target.limit


def digits(value: float) -> str:
    """Write a number with three figures that count, or whole: 0.853, 15.7, 1176.

    >>> [digits(value) for value in (0.8531, 15.66, 348.2, 1176.4)]
    ['0.853', '15.7', '348', '1176']
    """
    if value <= 0:
        return f"{value:.2f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def middle(values: Iterable[float]) -> Middle | None:
    """Sum up values; None where there are none."""
    known = list(values)
    if not known:
        return None
    median = statistics.median(known)
    apart = max(known) - min(known)
    return Middle(median, apart / 2 / abs(median) if len(known) > 1 and median else None)


def ratio(values: dict[int, float], others: dict[int, float]) -> float | None:
    """Return the median of the ratios of each round, so that a slow round hurts both alike."""
    ratios = [values[n] / others[n] for n in values.keys() & others.keys() if others[n]]
    return statistics.median(ratios) if ratios else None


def ratio_to(results: Results, case: str, rival: str, other: str) -> float | None:
    """Return how a rival's value in a case relates to another's; None where one is missing."""
    return ratio(results.of(case, rival), results.of(case, other))


def verdicts(results: Results, cases: Sequence[Case]) -> list[Verdict]:
    """Judge every target of some cases."""
    return [
        Verdict(case.name, target, measured(results, case, target))
        for case in cases
        for target in case.targets
    ]


def measured(results: Results, case: Case, target: Target) -> float | None:
    """Return what a target limits: a ratio, or a plain value where it is against nobody."""
    if target.against is not None:
        return ratio_to(results, case.name, case.ours, target.against)
    found = middle(results.of(case.name, case.ours).values())
    return None if found is None else found.median
