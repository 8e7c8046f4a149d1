"""Tests of response time: averages fade, newcomers are tried but not run over."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.response_time import ResponseTime, ResponseTimeSettings


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def busy(runner: Runner, active: int) -> Runner:
    runner.active = active
    return runner


def test_wants_to_be_told() -> None:
    assert ResponseTime().wants_first_byte


@given(
    st.lists(
        st.tuples(st.floats(0.001, 60.0), st.integers(0, 50), st.integers(1, 65535)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_nobody_has_a_lower_score(numbers: list[tuple[float, int, int]]) -> None:
    scheduler = ResponseTime(10.0, Watch())
    candidates = tuple(
        Runner(f"s{at}", weight, active) for at, (_, active, weight) in enumerate(numbers)
    )
    scores = {}
    for one, (seconds, active, weight) in zip(candidates, numbers, strict=True):
        scheduler.first_byte(one, seconds)
        scores[one.name] = seconds * (active + 1) / weight
    assert scores[scheduler.pick(visit(), candidates).name] == min(scores.values())


def test_the_average_is_weighted_by_time() -> None:
    watch = Watch()
    scheduler = ResponseTime(10.0, watch)
    a, b = candidates = runners(a=1, b=1)
    scheduler.first_byte(a, 1.0)
    watch.now += 10.0 * math.log(2)  # the first sample counts a half now
    scheduler.first_byte(a, 3.0)  # average 2.0
    scheduler.first_byte(b, 2.001)
    assert scheduler.pick(visit(), candidates) is a
    scheduler.first_byte(b, 1.0)  # no time has passed: it does not count yet
    assert scheduler.pick(visit(), candidates) is a
    watch.now += 1.0
    scheduler.first_byte(b, 1.0)
    assert scheduler.pick(visit(), candidates) is b


def test_the_same_score_takes_turns() -> None:
    scheduler = ResponseTime(10.0, Watch())
    candidates = runners(a=1, b=1, c=1)
    for one in candidates:
        scheduler.first_byte(one, 0.0)  # counts as very short, not as nothing
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(5)) == "abcab"


def test_with_nothing_known_the_least_work_decides() -> None:
    scheduler = ResponseTime(10.0, Watch())
    candidates = runners(a=1, b=1, c=1)
    busy(candidates[0], 1)
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(3)) == "bcb"


def test_a_newcomer_is_tried_first_but_not_run_over() -> None:
    scheduler = ResponseTime(10.0, Watch())
    old, other, new = candidates = runners(old=1, other=1, new=1)
    scheduler.first_byte(old, 0.1)
    scheduler.first_byte(other, 0.2)
    assert scheduler.pick(visit(), candidates) is new
    busy(new, 1)
    assert scheduler.pick(visit(), candidates) is old  # new has more than who is idle
    busy(old, 3), busy(other, 2)
    assert scheduler.pick(visit(), candidates) is new  # less than all others
    busy(new, 2)
    assert scheduler.pick(visit(), candidates) is old  # 0.1 x 4 against 0.2 x 3


@given(st.integers(0, 2**32))
def test_a_newcomer_never_has_more_work_than_one_or_than_the_idlest(seed: int) -> None:
    chance = random.Random(seed)
    scheduler = ResponseTime(10.0, Watch())
    *known, new = candidates = runners(a=1, b=1, c=1, new=1)
    for one in known:
        scheduler.first_byte(one, chance.random())
    for _ in range(60):
        for one in known:
            one.active = max(0, one.active - chance.randint(0, 1))
        chosen = scheduler.pick(visit(), candidates)
        next(one for one in candidates if one is chosen).active += 1
        if chosen is new:
            assert new.active <= max(1, *(one.active for one in known))


def test_who_was_slow_once_is_tried_again() -> None:
    watch = Watch()
    scheduler = ResponseTime(10.0, watch)
    slow, fast = candidates = runners(slow=1, fast=1)
    scheduler.first_byte(slow, 60.0)
    tried_at = []
    for _ in range(400):
        watch.now += 0.1
        chosen = scheduler.pick(visit(), candidates)
        if chosen is slow:
            tried_at.append(watch.now - 1000.0)
            scheduler.first_byte(slow, 60.0)
        else:
            scheduler.first_byte(fast, 0.01)
    # Once after three time constants, noticed within one.
    assert [30.0 <= moment <= 40.2 for moment in tried_at] == [True]


def test_keep_forgets_the_averages_of_others() -> None:
    scheduler = ResponseTime(10.0, Watch())
    a, b = candidates = runners(a=1, b=1)
    scheduler.first_byte(a, 0.1)
    scheduler.first_byte(b, 9.0)
    scheduler.keep(["a", "b"])
    assert scheduler.pick(visit(), candidates) is a
    scheduler.keep(["a"])
    assert scheduler.pick(visit(), candidates) is b  # unknown now, and idle


def test_settings() -> None:
    assert ResponseTimeSettings.model_validate({}).decay == 10.0
    assert ResponseTimeSettings.model_validate({"decay": "1m"}).decay == 60.0
    with pytest.raises(ValidationError, match="greater than 0"):
        ResponseTimeSettings.model_validate({"decay": "0"})
