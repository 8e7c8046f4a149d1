"""Answers are the JSON that the standard library would write, only in steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.app.control.writing import Parts, answer_steps, part_lines, written
from pointsman.config.steps import at_once

texts = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@dataclass(frozen=True)
class Inner:
    name: str
    many: tuple[int, ...]


@dataclass(frozen=True)
class Outer:
    told: list[Inner]
    by: dict[str, Inner]
    one: Inner | None = None


@given(values)
def test_any_value_is_read_again(value: Any) -> None:
    assert json.loads(at_once(written(value))) == value


def test_dataclasses_are_objects() -> None:
    outer = Outer([Inner('a "quoted"\n', (1, 2)), Inner("", ())], {"k": Inner("b", (3,))})
    assert json.loads(at_once(written(outer))) == json.loads(json.dumps(asdict(outer)))


def test_a_step_is_an_element() -> None:
    steps = written([Inner(str(number), ()) for number in range(50)])
    assert sum(1 for _ in steps) == 50


def test_an_answer_is_one_line_with_its_number() -> None:
    line = at_once(answer_steps(3, {"words": "two\nlines \ud800"}))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"id": 3, "answer": {"words": "two\nlines \ud800"}}


def test_what_json_has_no_word_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        at_once(written([float("inf")]))


def failed(error: Exception) -> bytes:
    return repr(error).encode()


@pytest.mark.parametrize("told", [object(), [object()], {"a": {"b": b"bytes"}}, {1, 2}])
def test_what_is_nothing_for_json_is_an_error(told: object) -> None:
    with pytest.raises(TypeError, match="cannot be told as JSON"):
        at_once(written(told))


def test_an_answer_in_parts_ends_with_the_answer() -> None:
    taken: list[int] = []

    def parts() -> Iterator[list[int]]:
        for number in (1, 2):
            taken.append(number)
            yield [number]

    lines = part_lines(7, Parts(parts(), lambda: len(taken)), failed)
    assert json.loads(next(lines)) == {"id": 7, "part": [1]}
    assert taken == [1]  # no sooner than it is asked for
    assert [json.loads(line) for line in lines] == [
        {"id": 7, "part": [2]},
        {"id": 7, "answer": 2},
    ]


def test_an_error_between_two_parts_is_the_last_line() -> None:
    def parts() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    lines = [*part_lines(7, Parts(parts(), lambda: None), failed)]
    assert lines[1:] == [b"ZeroDivisionError()"]
