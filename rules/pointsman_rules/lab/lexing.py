"""Rule files as words: enough of Lua to find names and patterns, without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KEYWORDS = frozenset(
    [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]
)  # fmt: skip
_WORD = re.compile(
    r"""(?P<long>--\[(?P<le>=*)\[.*?\](?P=le)\]|\[(?P<se>=*)\[(?P<text>.*?)\](?P=se)\])
      | (?P<comment>--[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<number>0[xX][\da-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?)
      | (?P<sign>\.\.\.|\.\.|==|~=|<=|>=|::|[-+*/%^\#<>=(){}\[\];:,.&|~])
      | (?P<space>\s+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


class Word(NamedTuple):
    """A word of a rule file: "name", "string", "sign" or "number", its text and its line."""

    kind: str
    text: str
    line: int


def words(source: str) -> Iterator[Word]:
    """The words of a file; of strings what they mean, as far as simple escapes go."""
    line = 1
    at = 0
    while at < len(source):
        found = _WORD.match(source, at)
        if found is None:
            at += 1  # compiling tells what is wrong there
            continue
        kind = found.lastgroup
        text = found.group()
        if found.group("name"):
            yield Word("name", text, line)
        elif found.group("string"):
            meant = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[0]), text[1:-1])
            yield Word("string", meant, line)
        elif found.group("text") is not None:
            yield Word("string", found.group("text"), line)
        elif kind in ("sign", "number"):
            yield Word(kind, text, line)
        line += text.count("\n")
        at = found.end()
