"""Work in steps, done at once."""

from __future__ import annotations

import pytest

from pointsman.config.steps import Steps, at_once


def counting(until: int, done: list[int]) -> Steps[str]:
    for number in range(until):
        done.append(number)
        yield
    return "all of it"


def test_all_steps_are_done_and_the_result_comes_back() -> None:
    done: list[int] = []
    assert at_once(counting(3, done)) == "all of it"
    assert done == [0, 1, 2]


def test_what_a_step_raises_is_raised() -> None:
    def failing() -> Steps[None]:
        yield
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        at_once(failing())


def test_the_rest_of_what_was_begun_can_be_done_at_once() -> None:
    done: list[int] = []
    steps = counting(3, done)
    next(steps)
    assert at_once(steps) == "all of it"
    assert done == [0, 1, 2]
