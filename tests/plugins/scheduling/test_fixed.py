"""Tests of the fixed server: who serves, when the spare takes over, when work goes back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.arrivals import Runner, runners, visit
from pointsman.contracts import Surroundings
from pointsman_scheduling.fixed import Fixed, FixedSettings, make


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def pick(scheduler: Fixed, candidates: tuple[Runner, ...]) -> str:
    return scheduler.pick(visit(), candidates).name


def retry(scheduler: Fixed, candidates: tuple[Runner, ...], failed: Runner) -> str:
    return pick(scheduler, tuple(one for one in candidates if one is not failed))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_the_highest_weight_the_first_of_equals(weights: list[int]) -> None:
    candidates = tuple(Runner(f"s{at}", weight) for at, weight in enumerate(weights))
    for back_after in (0.0, 5.0, math.inf):
        chosen = Fixed(back_after, Watch()).pick(visit(), candidates)
        assert chosen is candidates[weights.index(max(weights))]


def test_immediate_goes_back_at_once() -> None:
    scheduler = Fixed()
    main, spare = both = runners(main=2, spare=1)
    alone = (spare,)
    assert [pick(scheduler, both), pick(scheduler, alone), pick(scheduler, alone)] == [
        "main", "spare", "spare",
    ]  # fmt: skip
    assert pick(scheduler, (main, spare)) == "main"


def test_never_goes_back_only_when_the_spare_goes_away() -> None:
    scheduler = Fixed(math.inf)
    main, spare = both = runners(main=2, spare=1)
    assert pick(scheduler, both) == "main"
    alone = (spare,)
    assert [pick(scheduler, alone) for _ in range(3)] == ["spare"] * 3
    again = (main, spare)
    assert [pick(scheduler, again) for _ in range(3)] == ["spare"] * 3
    main_alone = (main,)
    assert [pick(scheduler, main_alone) for _ in range(2)] == ["main"] * 2
    assert pick(scheduler, (main, spare)) == "main"


@pytest.mark.parametrize("back_after", [0.0, 5.0, math.inf])
def test_a_failed_attempt_does_not_move_everybody(back_after: float) -> None:
    scheduler = Fixed(back_after, Watch())
    main, *_ = everybody = runners(main=2, spare=1)
    for _ in range(5):
        assert pick(scheduler, everybody) == "main"
        assert retry(scheduler, everybody, main) == "spare"
        assert retry(scheduler, everybody, main) == "spare"  # of another request
    assert pick(scheduler, everybody) == "main"


def over_to_the_spare(watch: Watch) -> tuple[Fixed, Runner, Runner]:
    scheduler = Fixed(30.0, watch)
    main, spare = both = runners(main=2, spare=1)
    assert pick(scheduler, both) == "main"
    alone = (spare,)
    assert [pick(scheduler, alone) for _ in range(2)] == ["spare"] * 2
    return scheduler, main, spare


def test_after_goes_back_when_the_better_one_has_been_there_long_enough() -> None:
    watch = Watch()
    scheduler, main, spare = over_to_the_spare(watch)
    again = (main, spare)
    assert pick(scheduler, again) == "spare"
    watch.now += 29.9
    assert pick(scheduler, again) == "spare"
    watch.now += 0.1
    assert [pick(scheduler, again) for _ in range(2)] == ["main"] * 2


def test_after_begins_anew_when_the_better_one_went_away_between() -> None:
    watch = Watch()
    scheduler, main, spare = over_to_the_spare(watch)
    assert pick(scheduler, (main, spare)) == "spare"
    watch.now += 20.0
    assert pick(scheduler, (spare,)) == "spare"
    again = (main, spare)
    assert pick(scheduler, again) == "spare"
    watch.now += 29.0
    assert pick(scheduler, again) == "spare"
    watch.now += 1.0
    assert pick(scheduler, again) == "main"


def test_after_runs_on_through_changes_of_others() -> None:
    watch = Watch()
    scheduler, main, spare = over_to_the_spare(watch)
    third = Runner("third", 1)
    assert pick(scheduler, (main, spare)) == "spare"
    watch.now += 15.0
    assert pick(scheduler, (main, spare, third)) == "spare"
    watch.now += 15.0
    assert pick(scheduler, (main, spare, third)) == "main"


def test_keep_leaves_the_present_one_in_its_place() -> None:
    scheduler = over_to_the_spare(Watch())[0]
    scheduler.keep(["main", "spare"])
    assert pick(scheduler, runners(main=2, spare=1)) == "spare"
    scheduler.keep(["main"])
    assert pick(scheduler, runners(main=2, new=1)) == "main"


@pytest.mark.parametrize(
    ("options", "back_after"),
    [
        ({}, 0.0),
        ({"failback": "never"}, math.inf),
        ({"failback": "after"}, 30.0),
        ({"failback": "after", "after": "5m"}, 300.0),
    ],
)
def test_settings(options: dict[str, str], back_after: float) -> None:
    watch = Watch()
    scheduler = make(FixedSettings.model_validate(options), Surroundings())
    assert scheduler._back_after == back_after
    assert Fixed(back_after, watch).pick(visit(), runners(a=1)).name == "a"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"after": "5m"}, "no effect with `failback: immediate`"),
        ({"failback": "never", "after": "5m"}, "no effect with `failback: never`"),
        ({"failback": "after", "after": "0"}, "greater than 0"),
        ({"failback": "after", "after": 5}, "duration with its unit"),
        ({"failback": "sometimes"}, "'immediate', 'never' or 'after'"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FixedSettings.model_validate(options)
