"""Tests of smooth weighted round robin: exact in a full turn, no bursts in it."""

from __future__ import annotations

from collections import Counter
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.weighted_round_robin import WeightedRoundRobin


def picks(scheduler: WeightedRoundRobin, candidates: tuple[Runner, ...], count: int) -> str:
    return "".join(scheduler.pick(visit(), candidates).name for _ in range(count))


@pytest.mark.parametrize(
    ("weights", "sequence"),
    [
        ({"a": 5, "b": 1, "c": 1}, "aabacaa"),  # the example of nginx's commit message
        ({"a": 1, "b": 1}, "abab"),
        ({"a": 2, "b": 1}, "abaaba"),
        ({"a": 1000, "b": 2000}, "babbab"),
        ({"a": 4, "b": 2, "c": 1}, "abacaba"),
    ],
)
def test_known_sequences(weights: dict[str, int], sequence: str) -> None:
    assert picks(WeightedRoundRobin(), runners(**weights), len(sequence)) == sequence


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 1000))
def test_a_full_turn_is_exact_and_nobody_is_a_pick_ahead(weights: list[int], scale: int) -> None:
    scheduler = WeightedRoundRobin()
    candidates = tuple(Runner(f"s{at}", weight * scale) for at, weight in enumerate(weights))
    shares = [weight // gcd(*weights) for weight in weights]
    turn = sum(shares)
    first: list[str] = []
    second: list[str] = []
    for sequence in (first, second):
        picked: Counter[str] = Counter()
        for moment in range(1, turn + 1):
            name = scheduler.pick(visit(), candidates).name
            sequence.append(name)
            picked[name] += 1
            assert picked[name] < moment * shares[int(name[1:])] / turn + 1
        assert [picked[one.name] for one in candidates] == shares
    assert first == second


@given(st.lists(st.booleans(), max_size=60))
def test_retries_do_not_disturb_the_shares(failing: list[bool]) -> None:
    # b alone fails; its retries go to a and c as their weights say.
    scheduler = WeightedRoundRobin()
    a, b, c = candidates = runners(a=3, b=2, c=1)
    picked: Counter[str] = Counter()
    for fails in failing:
        chosen = scheduler.pick(visit(), candidates)
        picked[chosen.name] += 1
        if fails and chosen is b:
            picked[scheduler.pick(visit(), (a, c)).name] += 1
    assert abs(picked["b"] - len(failing) / 3) < 2
    assert abs(picked["a"] - 3 * picked["c"]) <= 6


def test_who_was_away_comes_back_without_a_burst() -> None:
    scheduler = WeightedRoundRobin()
    a, b = candidates = runners(a=1, b=1)
    picks(scheduler, candidates, 3)
    picks(scheduler, (a,), 100)
    assert picks(scheduler, (a, b), 10).count("b") in (5, 6)


def test_shrinking_weights_leave_no_burst() -> None:
    scheduler = WeightedRoundRobin()
    assert picks(scheduler, runners(a=65535, b=65535), 1) == "a"
    assert picks(scheduler, runners(a=1, b=65535), 1) == "b"
    after = picks(scheduler, runners(a=1, b=1), 20)
    assert 8 <= after.count("a") <= 12


def test_a_deep_debt_among_few_candidates_still_finds_the_highest() -> None:
    scheduler = WeightedRoundRobin()
    a, b, *others = runners(a=1, b=2, c=1, d=1, e=1, f=1, g=1, h=1, i=1, j=1)
    assert picks(scheduler, (a, b, *others), 2) == "ba"
    # Both owe more than a turn of the two alone: a -9, b -7.
    assert picks(scheduler, (a, b), 3) == "bba"


def test_keep_goes_on_in_the_middle_of_a_turn() -> None:
    scheduler = WeightedRoundRobin()
    assert picks(scheduler, runners(a=5, b=1, c=1), 3) == "aab"
    scheduler.keep(["a", "b", "c"])
    assert picks(scheduler, runners(a=5, b=1, c=1), 4) == "acaa"


def test_keep_forgets_those_not_named() -> None:
    scheduler = WeightedRoundRobin()
    assert picks(scheduler, runners(a=1, b=1), 1) == "a"
    scheduler.keep([])
    assert picks(scheduler, runners(a=1, b=1), 1) == "a"
