"""How the work of a Lua pattern grows with the length of its text.

Patterns are matched by C code that backtracks and that no hook can stop. What a pattern may cost
is worked out from its items before it is used: `length ** degree * 2 ** doublings` at most.
"""

from __future__ import annotations

import string
from functools import lru_cache
from typing import NamedTuple

_ALL = frozenset(range(256))
_CLASSES = {
    "a": string.ascii_letters,
    "d": string.digits,
    "l": string.ascii_lowercase,
    "s": " \t\n\r\v\f",
    "u": string.ascii_uppercase,
    "w": string.ascii_letters + string.digits,
    "x": string.hexdigits,
    "p": string.punctuation,
    "c": "".join(map(chr, [*range(32), 127])),
    "g": "".join(map(chr, range(33, 127))),
    "z": "\0",
}


class PatternError(ValueError):
    """No Lua pattern."""


class Item(NamedTuple):
    """One item: the characters that it matches, and how often: "", "?", "*", "+" or "-".

    ``hard`` is an item whose work cannot be told from its characters: ``%b``, ``%f``, ``%1``.
    """

    chars: frozenset[int]
    times: str
    hard: bool = False

    @property
    def optional(self) -> bool:
        """Whether it also matches nothing."""
        return self.times in ("?", "*", "-")


class Shape(NamedTuple):
    """The growth of the work: ``length ** degree * 2 ** doublings``."""

    degree: int
    doublings: int


@lru_cache(maxsize=4096)
def shape(pattern: str) -> Shape:
    """The growth of the work that a pattern can make.

    Raises:
        PatternError: it is malformed.
    """
    anchored = pattern.startswith("^")
    items, ends = _read(pattern[1:] if anchored else pattern)
    first_open = next((at for at, one in enumerate(items) if one.times or one.hard), len(items))
    can_fail = ends or any(not one.optional for one in items[first_open + 1 :])
    degree = doublings = 0
    for at, one in enumerate(items):
        if one.hard:
            degree += 1
        elif one.times and _tries_again(one, items[at + 1 :], ends):
            if one.times == "?":
                doublings += 1
            else:
                degree += 1
    if first_open < len(items):
        degree += 1  # the run of the item itself
    if not anchored and (can_fail or first_open == len(items)):
        degree += 1  # once from each place of the text
    return Shape(max(degree, 1), doublings)


def _tries_again(item: Item, rest: list[Item], ends: bool) -> bool:
    """Whether what follows can be tried at more than one length of that item."""
    if all(one.optional and not one.hard for one in rest) and not ends:
        return False  # what follows cannot fail, so the first length is the last
    for one in rest:
        if one.hard or one.chars & item.chars:
            return True
        if not one.optional:
            return False
    return False  # only the end is left to come, which is at one place


def _read(pattern: str) -> tuple[list[Item], bool]:
    items: list[Item] = []
    at, depth = 0, 0
    ends = False
    while at < len(pattern):
        c = pattern[at]
        if c == "(":
            depth += 1
            at += 1
            continue
        if c == ")":
            depth -= 1
            if depth < 0:
                raise PatternError(f"malformed pattern '{pattern[:60]}': ) without (")
            at += 1
            continue
        if c == "$" and at == len(pattern) - 1:
            ends = True
            at += 1
            continue
        chars, hard, at = _single(pattern, at)
        times = ""
        if not hard and at < len(pattern) and pattern[at] in "?*+-":
            times = pattern[at]
            at += 1
        items.append(Item(chars, times, hard))
    if depth:
        raise PatternError(f"malformed pattern '{pattern[:60]}': ( without )")
    return items, ends


def _single(pattern: str, at: int) -> tuple[frozenset[int], bool, int]:
    """The characters of the item that begins at ``at``, if it is a hard one, and what follows."""
    c = pattern[at]
    if c == ".":
        return _ALL, False, at + 1
    if c == "[":
        chars, at = _set(pattern, at)
        return chars, False, at
    if c != "%":
        return frozenset({ord(c)}), False, at + 1
    if at + 1 >= len(pattern):
        raise PatternError(f"malformed pattern '{pattern[:60]}': it ends with %")
    kind = pattern[at + 1]
    if kind == "b":
        if at + 3 >= len(pattern):
            raise PatternError(f"malformed pattern '{pattern[:60]}': %b wants two characters")
        return _ALL, True, at + 4
    if kind == "f":
        if at + 2 >= len(pattern) or pattern[at + 2] != "[":
            raise PatternError(f"malformed pattern '{pattern[:60]}': %f wants a [set]")
        return _ALL, False, _set(pattern, at + 2)[1]
    if kind.isdigit():
        return _ALL, True, at + 2
    return _class(kind), False, at + 2


def _class(kind: str) -> frozenset[int]:
    known = _CLASSES.get(kind.lower())
    if known is None:
        return frozenset({ord(kind)})
    chars = frozenset(map(ord, known))
    return _ALL - chars if kind.isupper() else chars


def _set(pattern: str, at: int) -> tuple[frozenset[int], int]:
    begin = at
    at += 1
    negated = pattern[at : at + 1] == "^"
    at += negated
    chars: set[int] = set()
    first = True
    while at < len(pattern) and (first or pattern[at] != "]"):
        first = False
        c = pattern[at]
        if c == "%" and at + 1 < len(pattern):
            chars |= _class(pattern[at + 1])
            at += 2
        elif pattern[at + 1 : at + 2] == "-" and pattern[at + 2 : at + 3] not in ("", "]"):
            chars |= set(range(ord(c), ord(pattern[at + 2]) + 1))
            at += 3
        else:
            chars.add(ord(c))
            at += 1
    if at >= len(pattern):
        raise PatternError(f"malformed pattern '{pattern[begin : begin + 60]}': [ without ]")
    return frozenset(_ALL - chars if negated else chars), at + 1
