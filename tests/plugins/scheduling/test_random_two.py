"""Tests of the power of two choices: drawn by weight, the less busy one is picked."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.random_two import RandomTwo


class Draws(random.Random):
    """Chance that a test writes down."""

    def __init__(self, *values: float) -> None:
        super().__init__(0)
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)


@pytest.mark.parametrize(
    ("draws", "pair"),
    [
        ((0.0, 0.0), "ab"),
        ((0.0, 0.99), "ac"),
        ((0.5, 0.0), "ba"),
        ((0.5, 0.99), "bc"),
        ((0.99, 0.0), "ca"),
        ((0.99, 0.99), "cb"),
    ],
)
def test_draws_two_different_ones(draws: tuple[float, float], pair: str) -> None:
    candidates = runners(a=1, b=1, c=1)
    first, second = pair[0], pair[1]
    # Both idle: the first drawn. The first busy: the second drawn.
    assert RandomTwo(Draws(*draws)).pick(visit(), candidates).name == first
    next(one for one in candidates if one.name == first).active = 1
    assert RandomTwo(Draws(*draws)).pick(visit(), candidates).name == second


@given(st.data())
def test_never_the_strictly_worse_of_the_two(data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 65535), min_size=2, max_size=8))
    candidates = tuple(
        Runner(f"s{at}", weight, data.draw(st.integers(0, 50))) for at, weight in enumerate(weights)
    )
    unit = st.floats(0, 1, exclude_max=True)
    draws = data.draw(st.tuples(unit, unit))
    chosen = RandomTwo(Draws(*draws)).pick(visit(), candidates)
    # Who the two were is seen when all are idle, and when the first of them is busy.
    load = {one.name: Fraction(one.active, one.weight) for one in candidates}
    for one in candidates:
        one.active = 0
    first = RandomTwo(Draws(*draws)).pick(visit(), candidates)
    next(one for one in candidates if one is first).active = 1
    second = RandomTwo(Draws(*draws)).pick(visit(), candidates)
    assert first is not second
    assert chosen in (first, second)
    assert load[chosen.name] == min(load[first.name], load[second.name])


def test_idle_servers_are_picked_as_their_weights_say() -> None:
    scheduler = RandomTwo(random.Random(7))
    candidates = runners(a=1, b=2, c=5)
    picked = Counter(scheduler.pick(visit(), candidates).name for _ in range(8000))
    assert picked["a"] == pytest.approx(1000, rel=0.12)
    assert picked["b"] == pytest.approx(2000, rel=0.08)
    assert picked["c"] == pytest.approx(5000, rel=0.04)


def test_work_that_stays_is_spread_far_more_evenly_than_by_lot_alone() -> None:
    scheduler = RandomTwo(random.Random(7))
    candidates = tuple(Runner(f"s{at}") for at in range(20))
    for _ in range(2000):
        chosen = scheduler.pick(visit(), candidates)
        next(one for one in candidates if one is chosen).active += 1
    work = [one.active for one in candidates]
    # One draw would spread over about 4 standard deviations, that is 40.
    assert max(work) - min(work) <= 8
