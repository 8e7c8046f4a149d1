"""YAML text becomes plain values, each with its place."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.tree import (
    Branch,
    Mark,
    Positions,
    WrittenFloat,
    dotted,
    parse,
    plant_mapping,
)
from pointsman.model.errors import ConfigError, Problem


def read(text: str) -> Branch:
    problems: list[Problem] = []
    branch = parse(text, "f.yaml", problems)
    assert problems == []
    return branch


def wrong(text: str) -> list[tuple[int, int, str]]:
    problems: list[Problem] = []
    try:
        parse(text, "f.yaml", problems)
    except ConfigError as error:
        problems.extend(error.problems)
    return [(p.line, p.column, str(p)) for p in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-5", -5),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("'1'", "1"),
        ("!!str 12", "12"),
        ("127.0.0.1:80", "127.0.0.1:80"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = read(f"a: {text}").value["a"]
    assert found == value
    assert isinstance(found, type(value))


def test_a_number_with_a_point_can_be_told_from_a_default() -> None:
    assert type(read("a: 1.5").value["a"]) is WrittenFloat


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("{1: a, true: b, ~: c}").value == {"1": "a", "true": "b", "~": "c"}


def test_an_empty_file_is_nothing() -> None:
    assert read("").value is None
    assert read("# only a comment\n").value is None


def test_places_inside_flow_collections_are_exact() -> None:
    positions = Positions(read("a: {b: [1, {c: 2}],\n    d: 3}\n"))
    assert positions.of(("a", "b", 0)) == Mark("f.yaml", 1, 9)
    assert positions.of(("a", "b", 1, "c")) == Mark("f.yaml", 1, 16)
    assert positions.of(("a", "b", 1, "c"), key=True) == Mark("f.yaml", 1, 13)
    assert positions.of(("a", "d")) == Mark("f.yaml", 2, 8)


def test_a_collection_is_pointed_at_by_its_key() -> None:
    positions = Positions(read("a:\n  b:\n    c: 1\n  d: {}\n  e:\n"))
    assert positions.of(("a", "b")) == Mark("f.yaml", 2, 3)
    assert positions.of(("a", "d")) == Mark("f.yaml", 4, 3)
    assert positions.of(("a", "e")) == Mark("f.yaml", 5, 3)


def test_steps_that_nobody_wrote_are_left_out() -> None:
    positions = Positions(read("a: {b: 1}"))
    assert positions.known(("a", "tag", "b", "address")) == ("a", "b")
    assert positions.of(("a", "x")) == Mark("f.yaml", 1, 1)


def test_a_relative_path_begins_beside_its_file_or_here() -> None:
    positions = Positions(parse("a: {b: x}\n", "/etc/site/f.yaml", []))
    assert positions.folder(("a", "b")) == positions.folder(("a",), ("b",)) == Path("/etc/site")
    given = Positions(plant_mapping({"a": {"b": "x"}}, "configuration", []))
    assert given.folder(("a", "b")) == Path()


def test_an_alias_stands_where_its_anchor_is() -> None:
    root = read("a: &one {x: 1}\nb: *one\n")
    assert root.value == {"a": {"x": 1}, "b": {"x": 1}}
    assert Positions(root).of(("b", "x")) == Mark("f.yaml", 1, 13)


def test_merge_keys_give_way_to_what_is_written() -> None:
    text = "a: &one {x: 1, y: 1}\nb: &two {y: 2, z: 2}\nc:\n  <<: [*one, *two]\n  x: 3\n"
    root = read(text)
    assert root.value["c"] == {"x": 3, "y": 1, "z": 2}
    assert Positions(root).of(("c", "z")).line == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\nb:\n\tc: 1", 3, 1, "spaces, never with tabs"),
        ("a:\n  b: {c: 1}\n   d: 1", 3, 4, "the lines of one section are indented alike"),
        ("a: [1, 2\nb: 3", 2, 2, "while parsing a flow sequence"),
        ("listen: *:80", 1, 9, 'write "*:80" in quotes'),
        ("listen: [::1]:80", 1, 14, 'write "[::1]:80" in quotes'),
        ("a: 1\n---\nb: 2", 2, 1, "expected a single document"),
        ("a: *nobody", 1, 4, "undefined alias"),
        ("a: b: c", 1, 5, "mapping values are not allowed here"),
        ("a: 'x", 1, 6, "unexpected end of stream"),
        ("a: 1\nb: x\x00", 2, 5, "not allowed"),
        ("%YAML 1.1\n---\na: yes", 1, 1, "only YAML 1.2"),
        ("a: !secret x", 1, 4, "tag !secret is not known"),
        ("a: !own {b: 1}", 1, 4, "tag !own is not known"),
        ("a: !own [b]", 1, 4, "tag !own is not known"),
        ("? [a, b]\n: 1", 1, 3, "a key must be plain text"),
        ("a: &x [1, *x]", 1, 4, "inside its own anchor"),
        ("a:\n  <<: 5", 2, 7, "takes a mapping"),
        ("a: " + "9" * 5000, 1, 4, "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str, line: int, column: int, message: str
) -> None:
    ((found_line, found_column, told),) = wrong(text)
    assert (found_line, found_column) == (line, column), told
    assert message in told


def test_every_duplicate_key_is_told_with_both_places() -> None:
    found = wrong("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n")
    assert [(line, column) for line, column, _ in found] == [(2, 11), (3, 1), (4, 1)]
    assert "first at line 2, column 5" in found[0][2]
    assert "b.c: " in found[0][2]


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    assert "too deeply" in wrong("[" * 70 + "]" * 70)[0][2]
    assert "too deeply" in wrong("[" * 1200 + "]" * 1200)[0][2]


def test_a_billion_laughs_end_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "more than 200000 values" in wrong("\n".join(lines))[0][2]


def test_dotted_paths_are_readable() -> None:
    assert dotted(("pools", "FE Pool", "servers", 2, "a\nb")) == "pools.FE Pool.servers[2].'a\\nb'"


@given(st.text(st.sampled_from("ab:-[]{}&*#!|>'\"%@`, \n\t0~<\x00\u2028é"), max_size=40))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    for line, column, told in wrong(text):
        assert 1 <= line <= len(lines), told
        assert 1 <= column <= len(lines[line - 1]) + 1, told


def test_a_mapping_given_in_code_has_no_lines() -> None:
    problems: list[Problem] = []
    root = plant_mapping({"a": (1, 2.5), "b": {"c": None}}, "code", problems)
    assert root.value == {"a": [1, 2.5], "b": {"c": None}}
    assert type(root.value["a"][1]) is WrittenFloat
    assert Positions(root).of(("b", "c")) == Mark("code")
    assert problems == []


def test_what_is_no_value_in_code_is_told() -> None:
    problems: list[Problem] = []
    endless: dict[str, object] = {}
    endless["again"] = endless
    plant_mapping({1: 2, "a": {"b": object()}, "c": endless}, "code", problems)
    told = [str(problem) for problem in problems]
    assert told[0] == "code: a key must be text, got 1"
    assert told[1] == "code: a.b: a object is not a configuration value"
    assert told[2].endswith("values are nested too deeply")
