"""Validation errors become plain words with a place."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pointsman.config.problems import (
    Nested,
    fault,
    first_in_words,
    nested,
    problem_at,
    problems_of,
    shown,
)
from pointsman.config.tree import Positions, parse
from pointsman.contracts import Settings


class Item(Settings):
    size: int = Field(default=1, ge=1, le=5)
    ratio: float = Field(default=0.5, gt=0, lt=1)
    word: str = Field(default="ab", min_length=2, max_length=3, pattern="^[a-z]*$")
    flag: bool = False


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    item: Item = Item()
    items: tuple[Item, ...] = ()
    named: dict[str, Item] = {}
    either: Annotated[Item | None, Field(description="x")] = None
    some: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    needed: int
    deep: Any = None

    @field_validator("deep")
    @classmethod
    def _deep(cls, value: Any) -> Any:
        if value == "fault":
            raise fault("it is at fault", "mend it")
        if value == "value":
            raise ValueError("it is of no value")
        if isinstance(value, dict):
            try:
                Item.model_validate(value)
            except ValidationError as error:
                inner = nested([Nested(error, Item, also=["kind"]), fault("and this", at=["size"])])
                raise nested([inner]) from None
        return value


def told(text: str) -> list[str]:
    tree = parse(text, "f", [])
    try:
        Outer.model_validate(tree.value)
    except ValidationError as error:
        problems = problems_of(error, Outer, Positions(tree))
        return [str(problem).removeprefix("f:") for problem in problems]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{needed: 1}", []),
        ("needed: x", ["1:9: needed: expected a whole number, got 'x'"]),
        ("needed: [1]", ["1:1: needed: expected a whole number, got a list"]),
        ("needed:", ["1:1: needed: expected a whole number, got nothing"]),
        ("item: {}", ["1:1: needed: this is required but missing"]),
        ("{needed: 1, item: 5}", ["1:19: item: expected a mapping (key: value), got 5"]),
        ("{needed: 1, item: {size: 9}}", ["1:26: item.size: expected at most 5, got 9"]),
        ("{needed: 1, item: {size: 0}}", ["1:26: item.size: expected at least 1, got 0"]),
        ("{needed: 1, item: {ratio: 0.0}}", ["1:27: item.ratio: expected more than 0, got 0.0"]),
        ("{needed: 1, item: {ratio: 1.0}}", ["1:27: item.ratio: expected less than 1, got 1.0"]),
        (
            "{needed: 1, item: {word: a}}",
            ["1:26: item.word: expected at least 2 characters, got 'a'"],
        ),
        (
            "{needed: 1, item: {word: abcd}}",
            ["1:26: item.word: expected at most 3 characters, got 'abcd'"],
        ),
        ("{needed: 1, item: {word: 1}}", ["1:26: item.word: expected text, got 1"]),
        ("{needed: 1, item: {flag: 7}}", ["1:26: item.flag: expected true or false, got 7"]),
        (
            "{needed: 1, item: {siz: 9}}",
            ["1:20: item.siz: this key is not known here (did you mean `size`?)"],
        ),
        (
            "{needed: 1, items: [{}, {zz: 9}]}",
            [
                "1:26: items[1].zz: this key is not known here "
                "(allowed here: flag, ratio, size, word)"
            ],
        ),
        (
            "{needed: 1, named: {n: {sizes: 9}}}",
            ["1:25: named.n.sizes: this key is not known here (did you mean `size`?)"],
        ),
        (
            "{needed: 1, either: {wird: 9}}",
            ["1:22: either.wird: this key is not known here (did you mean `word`?)"],
        ),
        ("{neded: 1}", ["1:2: neded: this key is not known here (did you mean `needed`?)"]),
        ("{needed: 1, some: [x]}", ["1:20: some[0]: expected a whole number, got 'x'"]),
        ("{needed: 1, some: []}", ["1:13: some: expected at least 1 of them, got a list"]),
        ("{needed: 1, items: 5}", ["1:20: items: expected a list, got 5"]),
        ("{needed: 1, deep: fault}", ["1:19: deep: it is at fault (mend it)"]),
        ("{needed: 1, deep: value}", ["1:19: deep: it is of no value"]),
        (
            "{needed: 1, deep: {size: 8, kinds: 1}}",
            [
                "1:26: deep.size: expected at most 5, got 8",
                "1:29: deep.kinds: this key is not known here (did you mean `kind`?)",
                "1:26: deep.size: and this",
            ],
        ),
    ],
)
def test_errors_in_plain_words(text: str, expected: list[str]) -> None:
    assert told(text) == expected


def test_a_partial_validation_says_nothing_of_what_is_missing() -> None:
    tree = parse("{items: 5}", "f", [])
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(tree.value)
    found = list(problems_of(caught.value, Outer, Positions(tree), partial=True))
    assert [problem.key for problem in found] == ["items"]


def test_one_sentence_for_an_error_without_a_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Item.model_validate({"size": 7})
    assert first_in_words(caught.value) == "size: expected at most 5, got 7"


def test_a_long_message_is_cut() -> None:
    assert told("{needed: 1, item: {flag: " + "x" * 500 + "}}")[0].endswith("xxx...")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        (True, "true"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
        ("a\nb", "'a\\nb'"),
        (10**30, "a very large number"),
        pytest.param(10**5000, "a very large number", id="5001 digits"),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_short_and_on_one_line(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_a_problem_knows_its_key() -> None:
    tree = parse("a: {b: 1}", "f", [])
    assert str(problem_at(Positions(tree), ("a", "b"), "no")) == "f:1:8: a.b: no"
    assert str(problem_at(Positions(tree), ("a", "b"), "no", key=True)) == "f:1:5: a.b: no"
