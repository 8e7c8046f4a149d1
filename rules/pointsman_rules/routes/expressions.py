"""Texts found by patterns: in linear time with google-re2, and within bounds without it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

# Without google-re2 no longer text is looked at: a pattern that is not linear would take too long.
LONGEST = 2048

# Finds a pattern in a text: the groups, the whole first, or None.
Search = Callable[[str], tuple[str, ...] | None]

# What Python's own compiler makes of a pattern; it has no public name.
_PARSER: Any = importlib.import_module("re._parser")
_CODES: Any = importlib.import_module("re._constants")


def compiled(pattern: str, ignore_case: bool = False) -> Search:
    """A search for a regular expression.

    Raises:
        ValueError: it is none, or could take exponential time where google-re2 is not installed.
    """
    linear = _with_re2(pattern, ignore_case)
    return linear if linear is not None else _with_re(pattern, ignore_case)


def _with_re2(pattern: str, ignore_case: bool) -> Search | None:
    try:
        re2: Any = importlib.import_module("re2")
    except ImportError:
        return None
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        made = re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0] if error.args else error
        text = told.decode() if isinstance(told, bytes) else str(told)
        raise ValueError(f"{pattern!r} is no regular expression of RE2: {text}") from None

    def search(text: str) -> tuple[str, ...] | None:
        found = made.search(text)
        return None if found is None else (found.group(0), *[each or "" for each in found.groups()])

    return search


def _with_re(pattern: str, ignore_case: bool) -> Search:
    try:
        tree = _PARSER.parse(pattern)
        made = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if _explodes(tree, False):
        raise ValueError(
            f"{pattern!r} repeats what repeats, or refers back: that is only safe with google-re2 "
            "(pip install 'pointsman[rules]')"
        )

    def search(text: str) -> tuple[str, ...] | None:
        found = made.search(text) if len(text) <= LONGEST else None
        return None if found is None else (found.group(0), *found.groups(""))

    return search


def _explodes(tree: Any, repeated: bool) -> bool:
    """Whether something that repeats without bound stands within something that does so too."""
    for code, argument in tree:
        if code in (_CODES.GROUPREF, _CODES.GROUPREF_EXISTS):
            return True
        if code in (_CODES.MAX_REPEAT, _CODES.MIN_REPEAT):
            _, most, below = argument
            unbound = most is _CODES.MAXREPEAT or most > 8
            if (repeated and unbound) or _explodes(below, repeated or unbound):
                return True
            continue
        for below in _below(argument):
            if _explodes(below, repeated):
                return True
    return False


def _below(argument: Any) -> list[Any]:
    if isinstance(argument, _PARSER.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [inner for each in argument for inner in _below(each)]
    return []


def glob(pattern: str, ignore_case: bool = False) -> Callable[[str], bool]:
    """A test of whole texts: ``*`` is any text, ``?`` one character; linear in effect.

    It is matched piece by piece from the left, which never goes back over more than one star.
    """
    pattern = pattern.lower() if ignore_case else pattern
    first, *rest = [re.compile(_piece(part), re.DOTALL) for part in pattern.split("*")]
    anchored = not rest

    def matches(text: str) -> bool:
        text = text.lower() if ignore_case else text
        if anchored:
            return first.fullmatch(text) is not None
        found = first.match(text)
        if found is None:
            return False
        place = found.end()
        for part in rest[:-1]:
            found = part.search(text, place)
            if found is None:
                return False
            place = found.end()
        start = len(text) - _length(rest[-1].pattern)
        return start >= place and rest[-1].fullmatch(text, start) is not None

    return matches


def _piece(part: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in part)


def _length(pattern: str) -> int:
    """How many characters a piece matches: each is a letter, an escaped one, or a dot."""
    return len(re.sub(r"\\.", "x", pattern, flags=re.DOTALL))
