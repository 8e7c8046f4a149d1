"""Schema nodes in words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pointsman.config.reference_words import (
    alternatives,
    code,
    default_of,
    example_of,
    flow,
    what_it_takes,
)
from pointsman.contracts.written import EXAMPLE, WRITTEN

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
VALUES = st.recursive(
    st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_in_one_line_is_read_as_it_was(value: Any) -> None:
    assert YAML(typ="safe", pure=True).load("key: " + flow(value)) == {"key": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("true", '"true"'),
        ("20m", "20m"),
        ("1.0", '"1.0"'),
        ("*.png", '"*.png"'),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ([1, "b"], "[1, b]"),
        ({"a": True}, "{a: true}"),
    ],
)
def test_quotes_stand_only_where_they_must(value: Any, text: str) -> None:
    assert flow(value) == text


def test_code_can_stand_in_a_table() -> None:
    assert code("a|b") == '`"a\\|b"`'


def linked(ref: str) -> str:
    return f"<{ref}>"


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "integer"}, "number"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "number from 1 to 9"),
        ({"type": "integer", "minimum": 0, "maximum": 2**31}, "number from 0"),
        ({"type": "number", "exclusiveMinimum": 0}, "decimal number above 0"),
        ({"type": "boolean"}, "`true` or `false`"),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        ({"const": False}, "`false`"),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        ({"type": "array", "items": {"type": "integer", "minimum": 5}}, "list of numbers from 5"),
        ({"type": "array", "items": {WRITTEN: "address"}}, "list of addresses"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "list of `a` or `b`"),
        ({"type": "object", "additionalProperties": {"$ref": "x"}}, "names, each with: <x>"),
        ({"type": "object"}, "names, each with: anything"),
        ({"anyOf": [{"$ref": "x"}, {"type": "null"}]}, "<x>"),
        ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "text or `true` or `false`"),
        ({"type": ["string", "array"], "items": {"type": "string"}}, "text or list of texts"),
        ({WRITTEN: "duration", "anyOf": []}, "duration"),
        ({}, "anything"),
    ],
)
def test_what_a_key_takes(node: dict[str, Any], words: str) -> None:
    assert what_it_takes(node, linked) == words


def test_alternatives_are_said_once() -> None:
    assert alternatives(["a", "b", "a"]) == "a or b"
    assert alternatives(["a"]) == "a"


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"default": "20m"}, "`20m`"),
        ({"default": "0"}, "`0`"),
        ({"default": 0}, "`0`"),
        ({"default": False}, "`false`"),
        ({"default": []}, "none"),
        ({"default": None}, "none"),
        ({}, "none"),
        ({"default": ["a"]}, "`[a]`"),
    ],
)
def test_defaults(node: dict[str, Any], words: str) -> None:
    assert default_of(node, required=False, model=False) == words
    assert default_of(node, required=True, model=False) == "required"


def test_the_default_of_a_model_is_that_of_its_keys() -> None:
    assert default_of({"default": {"a": 1}}, required=False, model=True) == "see there"
    assert default_of({}, required=False, model=True) == "see there"


@pytest.mark.parametrize(
    ("node", "example"),
    [
        ({"examples": [5, 6]}, 5),
        ({"enum": ["a", "b"], "default": "a"}, "b"),
        ({"type": "boolean", "default": True}, False),
        ({"type": "boolean"}, True),
        ({WRITTEN: "duration", EXAMPLE: "20m"}, "20m"),
        ({WRITTEN: "duration", EXAMPLE: "20m", "default": "5s"}, "5s"),
        ({"anyOf": [{"const": "auto"}, {"type": "boolean"}], "default": "auto"}, True),
        ({"type": "array", "items": {"examples": ["x"]}}, ["x"]),
        ({"type": "integer", "default": 3}, 3),
        ({"type": "string", "default": ""}, None),
        ({"type": "string"}, None),
    ],
)
def test_an_example_is_another_value_than_the_default_if_there_is_one(
    node: dict[str, Any], example: Any
) -> None:
    assert example_of(node) == example
