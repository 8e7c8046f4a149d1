"""What is read quickly is just what the reader of YAML makes of it, places included."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.config.plain import PlainReader
from pointsman.config.tree import Branch, parse
from pointsman.model.errors import ConfigError, Problem

PLAIN = """\
  web site:   # who
    scheduling: least_connections
    "a: b": 'c # d'

    servers:
      # the first
      a: 127.0.0.1:80
      b: {address: "[::1]:81", weight: 5, x: {}, y: []}   # the second
      c:
    numbers: [1, 0x1F, 0o17, 1.5, 1e3, -x, .inf, .5, 017, 1_000]
    words: [true, False, null, ~x, yes, 2001-01-01, 12:30, a b c]
    list:
    - one
    - "two"
    deeper:
      - [a, [b, {c: d}]]
      - http://x/y?z
    1.5: 7
"""


def quick(text: str) -> Branch | None:
    return PlainReader("f").branch(text, 0)


def read(text: str) -> tuple[Branch | None, list[Problem]]:
    problems: list[Problem] = []
    try:
        return parse(text, "f", problems), problems
    except ConfigError as error:
        return None, [*error.problems]


def test_most_of_what_is_written_is_plain() -> None:
    text = PLAIN.replace("-x, ", "").replace("~x, ", "").replace("?z", "")
    found = quick(text)
    assert found is not None
    assert (found, []) == read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: -x",
        "a: b\n  c",
        "a: |\n  b",
        "a: b: c",
        "a: 'b''c'",
        'a: "b\\n"',
        "a: {b: c",
        "a: [b,c]",
        "a: {b}",
        "a: [b, ]",
        "a: b#c",
        "a: ? b",
        "a: 1\na: 2",
        "a:\n  b: 1\n c: 2",
        "a:\n    b: 1\n  c: 2",
        "a:\n- b: 1\n",
        "a: &x b",
        "- a",
        "a",
        "",
        "a: =",
        "a: " + "9" * 5000,
        "a: " + "[" * 30 + "]" * 30,
        "a:\n- b\n  - c",
        "a: b\n- c",
        "a:\n  - b\n  c: d",
    ],
)
def test_all_else_is_left_to_the_reader(text: str) -> None:
    assert quick(text) is None


WORDS = st.text(st.sampled_from("ab10.:/-_ 'e+x\"[]{},#=%@~?|é"), max_size=8)
VALUES = st.one_of(
    WORDS,
    st.sampled_from(
        ["", "1", "0x1f", "1.5", "true", "~", "null", "127.0.0.1:80", "'a'", '"b"', "[a, b]", "x y",
         "{a: 1}", "{a: 1, b: [c]}", "[]", "{}", "a:b", "1:2", "-5", "1_0", "1e3", ".5",
         "[1, {a: b}]",
         "# c", "a # c", "'a' # c", "{a: b} # c", "[a]# c", "{'a': b}", '{"a":b}', "[a: b]", "a, b"]
    ),
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(["a", "b", "c", "a b", "'k'", '"k"', "1", "true", "a.b", "/x"]), WORDS
)
LINES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "  ", "  ", "    ", "   ", "      "]),
    st.sampled_from(["", "", "", "", "- ", "-", "# "]),
    st.one_of(
        st.builds("{}: {}".format, KEYS, VALUES),
        st.builds("{}: {}".format, KEYS, VALUES),
        st.builds("{}:{}".format, KEYS, st.sampled_from(["", "", " ", "  # c", "x"])),
        VALUES,
    ),
)
TEXTS = st.builds(
    "{}{}".format, st.lists(LINES, max_size=9).map("\n".join), st.sampled_from(["\n", "", "\n\n"])
)


@given(TEXTS)
@example(PLAIN)
@example("a:\n\n  # x\n  b:\n# y\n  c: 1\n")
@example("a:\n  b:\n  - c\n  -  d\n  e:\n")
@example("a: {b:  c,  d: e }\n")
@example("a :\n  b : c\n")
def test_what_is_read_is_what_the_reader_reads(text: str) -> None:
    found = quick(text)
    if found is not None:
        assert (found, []) == read(text)


# Most of the lines above are no YAML together. These are, or nearly.
TOKENS = [
    "a", "a b", "1", "0x1f", "1.5", "true", "~", "127.0.0.1:80", "a:b", "12:30", "2001-01-01",
    "1_0", "1e3", ".5", ".inf", "-5", "x-y", "a@b", "50%", "=", "*z", "yes", "1.", "'a # b'",
    '"c: d"', "''",
]  # fmt: skip
NAMES = ["a", "b", "c d", "e-1", "'q'", '"r s"', "1", "true", "/x"]


def flow(random: Random, deep: int = 0) -> str:
    kind = random.random()
    if deep > 3 or kind < 0.6:
        return random.choice(TOKENS)
    comma, space = random.choice([", ", ", ", ",  ", ",", " , "]), random.choice(["", " "])
    parts = [flow(random, deep + 1) for _ in range(random.randrange(4))]
    if kind < 0.8:
        return f"[{space}{comma.join(parts)}{space}]"
    pairs = [f"{random.choice(NAMES)}{random.choice([': ', ': ', ':'])}{part}" for part in parts]
    return f"{{{space}{comma.join(pairs)}{space}}}"


def block(random: Random, indent: int, deep: int = 0) -> list[str]:
    lines: list[str] = []
    for name in random.sample(NAMES, random.randrange(1, 4)):
        key = " " * indent + name + random.choice([":", ":", ":", ":", " :"])
        note = random.choice(["", "", "", "  # x: y", "#z", " "])
        kind = random.random()
        if deep < 3 and kind < 0.3:
            lines += [key + note, *block(random, indent + random.choice([1, 2, 2, 4]), deep + 1)]
        elif kind < 0.4:
            dash = " " * (indent + random.choice([0, 2])) + "- "
            lines += [key + note, *(dash + flow(random, 1) + note for _ in range(2))]
        else:
            value = flow(random) if kind < 0.9 else ""
            lines.append(f"{key} {value}{note}")
        lines += random.choice([[], [], [], [""], ["      # x"]])
    return lines


@given(st.randoms(use_true_random=False))
def test_what_is_nearly_plain_is_read_as_the_reader_reads_it(random: Random) -> None:
    text = "\n".join(block(random, random.choice([0, 2])))
    if random.random() < 0.3:
        at = random.randrange(len(text))
        text = text[:at] + random.choice(" :-,{[}]'\"#\nx") + text[at + random.randrange(2) :]
    found = quick(text)
    if found is not None:
        assert (found, []) == read(text)
