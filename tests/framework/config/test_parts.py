"""What is read piece by piece is the same as what is read as a whole, and is read once."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.config import parts as parts_module
from pointsman.config import tree as tree_module
from pointsman.config.parts import Part, parse_parts
from pointsman.config.pieces import taken_apart
from pointsman.config.steps import at_once
from pointsman.config.tree import Branch, Mark, parse
from pointsman.model.errors import ConfigError, Problem

SITE = """\
# a site
version: 1

pools:   # who works
  web:
    servers:
      a: 127.0.0.1:80
      b: {address: "127.0.0.1:81", weight: 5}
  # and for mail
  mail:
    servers:
    - x
    - 'y'
virtual_services:
  "FE Pool":
    listen: "*:80"
    pool: web
"""


def whole(text: str) -> object:
    problems: list[Problem] = []
    try:
        return parse(text, "f", problems), problems
    except ConfigError as error:
        return error.problems, problems


def in_parts(text: str, before: dict[str, Part] | None = None) -> tuple[object, dict[str, Part]]:
    problems: list[Problem] = []
    parts: dict[str, Part] = {}
    try:
        return (at_once(parse_parts(text, "f", problems, before or {}, parts)), problems), parts
    except ConfigError as error:
        return (error.problems, problems), parts


def read(text: str, before: dict[str, Part] | None = None) -> tuple[Branch, dict[str, Part]]:
    problems: list[Problem] = []
    parts: dict[str, Part] = {}
    branch = at_once(parse_parts(text, "f", problems, before or {}, parts))
    assert problems == []
    return branch, parts


# Lines that are likely to be misunderstood when they stand next to each other.
LINES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "  ", "  ", "    ", "   "]),
    st.sampled_from(["", "", "", "- ", "? ", ": ", "-", "--- ", "... ", "#"]),
    st.sampled_from(
        [
            "", "a:", "b:", "c: 1", "d: x # y", "e: 'x", "f: y'", 'g: "x', 'h: y"', "i: [1,", "j]",
            "k: {l: 1}", "{m: 1}", "n: |", "o: >-", "p", "'q': 1", '"r" : 2', "s: x: y", "t: 0x1f",
            "u : ~", "v:w", "x: &y z", "*y", "<<: {a: 1}", "!t u", "w: [a, b: c]", "z: |+",
            "1: 2.5", "é: ü", "--- a", "%A", "e:\t1", "1.5: true", "/x/: y", "k:\xa0v", "'a'",
            "b: -",
            "d:#",
        ]
    ),
)  # fmt: skip
TEXTS = st.builds(
    "{}{}".format, st.lists(LINES, max_size=12).map("\n".join), st.sampled_from(["\n", "", "\n\n"])
)


@given(TEXTS)
@example(SITE)
@example(f"---\n{SITE}")
@example("a:\n  {x: 1}\n  {y: 2}\n")
@example("{x: 1}\n{y: 2}\n")
@example('a:\n  b: "x\n  c: y"\n')
@example("a:\n  b: |\n    x\n\n\n  c: 1\n")
@example("a:\n  b: |+\n    x\n\n\n\n")
@example("a:\n  b: x\n    y\n  c: z\n")
@example("a:\n  b: 1\n  b: 2\n")
@example("a: 1\nb: 2\na: 3\n")
@example("a:\n  - 1\nb:\n- 2\n")
@example("a:\n    b: 1\n  c: 2\n")
@example("a:\n  ? b\n  : c\n")
def test_in_parts_or_as_a_whole_is_the_same(text: str) -> None:
    found, parts = in_parts(text)
    assert found == whole(text)
    again, _ = in_parts(text, parts)
    assert again == found


@given(TEXTS, TEXTS)
def test_what_was_read_before_makes_no_difference(earlier: str, text: str) -> None:
    _, parts = in_parts(earlier)
    found, _ = in_parts(text, parts)
    assert found == whole(text)


def test_what_is_written_as_before_is_the_same_value() -> None:
    before, parts = read(SITE)
    after, _ = read(SITE.replace("weight: 5", "weight: 6"), parts)
    assert after.value["pools"]["mail"] is before.value["pools"]["mail"]
    assert after.children["virtual_services"] == before.children["virtual_services"]
    assert after.value["pools"]["web"] != before.value["pools"]["web"]


def test_what_was_moved_is_the_same_value_at_its_new_place() -> None:
    before, parts = read(SITE)
    after, parts = read(f"# one more line\n{SITE}", parts)
    assert after.value["pools"]["web"] is before.value["pools"]["web"]
    assert after.children["pools"].keys["web"] == Mark("f", 6, 3)
    assert (Branch(after.value, after.mark), []) != whole(SITE)
    assert (read(SITE, parts)[0], []) == whole(SITE)


def test_another_file_may_say_the_same() -> None:
    _, parts = read(SITE)
    branch = at_once(parse_parts(SITE, "g", [], parts, {}))
    assert branch == parse(SITE, "g", [])
    assert branch.children["pools"].keys["web"].file == "g"


def test_what_is_not_written_any_more_is_forgotten() -> None:
    _, parts = read(SITE)
    _, later = read("version: 1\n", parts)
    assert [*later] == ["version: 1\n"]


def test_what_was_wrong_is_told_each_time() -> None:
    text = "a:\n  b: {c: 1, c: 2}\n"
    found, parts = in_parts(text)
    assert in_parts(text, parts)[0] == found == whole(text)
    assert isinstance(found, tuple)
    assert len(found[1]) == 1


def test_too_many_values_are_refused_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (parts_module, tree_module):
        monkeypatch.setattr(module, "MOST_VALUES", 20)
    text = "a:\n" + "".join(f"  k{n}: [x, x, x, x]\n" for n in range(4))
    with pytest.raises(ConfigError, match="more than"):
        read(text)
    read(text.replace("  k3: [x, x, x, x]\n", ""))


@pytest.mark.parametrize("text", ["a: &x 1\n", "a: !t 1\n", "a: 1\n---\n", "- a\n", "{a: 1}\n", ""])
def test_some_files_are_one_piece(text: str) -> None:
    assert taken_apart(text) is None
