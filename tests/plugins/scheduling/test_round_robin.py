"""Tests of round robin: one turn is fair, whatever happens between."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.round_robin import RoundRobin


def test_goes_round_in_the_order_of_the_configuration_whatever_the_weights() -> None:
    scheduler = RoundRobin()
    candidates = runners(a=1, b=60000, c=5)
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(7)) == "abcabca"


@given(st.integers(1, 12), st.integers(0, 60))
def test_any_run_of_picks_is_fair_to_one(size: int, count: int) -> None:
    scheduler = RoundRobin()
    candidates = tuple(Runner(f"s{place}") for place in range(size))
    picked = Counter(scheduler.pick(visit(), candidates).name for _ in range(count))
    assert all(count // size <= picked[one.name] <= -(-count // size) for one in candidates)


@given(st.lists(st.booleans(), max_size=80))
def test_retries_leave_the_rest_fair(failing: list[bool]) -> None:
    scheduler = RoundRobin()
    candidates = runners(a=1, b=1, c=1, d=1)
    picked: Counter[str] = Counter({one.name: 0 for one in candidates})
    for fails in failing:
        chosen = scheduler.pick(visit(), candidates)
        picked[chosen.name] += 1
        if fails:
            rest = tuple(one for one in candidates if one is not chosen)
            picked[scheduler.pick(visit(), rest).name] += 1
    assert max(picked.values()) - min(picked.values()) <= 1
