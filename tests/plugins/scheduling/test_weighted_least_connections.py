"""Tests of weighted least connections: the ratio decides, exactly."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.weighted_least_connections import WeightedLeastConnections

CANDIDATES = st.lists(
    st.tuples(st.integers(1, 65535), st.integers(0, 100000)), min_size=1, max_size=10
)


@given(CANDIDATES)
def test_nobody_has_a_lower_ratio(numbers: list[tuple[int, int]]) -> None:
    candidates = tuple(
        Runner(f"s{at}", weight, active) for at, (weight, active) in enumerate(numbers)
    )
    chosen = WeightedLeastConnections().pick(visit(), candidates)
    ratios = {one.name: Fraction(one.active + 1, one.weight) for one in candidates}
    assert ratios[chosen.name] == min(ratios.values())


def test_the_heaviest_of_idle_servers_comes_first() -> None:
    candidates = runners(a=1, b=3, c=2)
    scheduler = WeightedLeastConnections()
    assert [scheduler.pick(visit(), candidates).name for _ in range(3)] == ["b", "b", "b"]


def test_work_that_stays_is_spread_by_weight() -> None:
    candidates = runners(a=1, b=3, c=2)
    scheduler = WeightedLeastConnections()
    picked: Counter[str] = Counter()
    for _ in range(60):
        chosen = scheduler.pick(visit(), candidates)
        next(one for one in candidates if one is chosen).active += 1
        picked[chosen.name] += 1
    assert picked == {"a": 10, "b": 30, "c": 20}


def test_the_same_ratio_takes_turns() -> None:
    a, b, c = candidates = runners(a=2, b=1, c=2)
    a.active, b.active, c.active = 3, 1, 3
    scheduler = WeightedLeastConnections()
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(6)) == "abcabc"
