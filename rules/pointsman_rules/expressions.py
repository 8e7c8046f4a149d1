"""Globs and regular expressions for rules: only such as take linear time."""

from __future__ import annotations

import fnmatch
import importlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Problem = tuple[None, str]
MOST = 1000  # expressions of one service
LONGEST = 4096  # bytes of a pattern


class Expressions:
    """The regular expressions of the rules of a service, by number."""

    def __init__(self, longest_result: int) -> None:
        self._longest = longest_result
        self._numbers: dict[str, int] = {}
        self._made: list[Any] = []

    def number(self, pattern: str) -> int | Problem:
        """The number of an expression, compiled when it is first asked for."""
        known = self._numbers.get(pattern)
        if known is not None:
            return known
        if len(self._made) >= MOST:
            return None, f"more than {MOST} expressions: make them once, outside of functions"
        if len(pattern) > LONGEST:
            return None, f"a regular expression has at most {LONGEST} bytes"
        try:
            re2 = importlib.import_module("re2")
        except ImportError:
            return None, "text.re needs google-re2: pip install 'pointsman[rules]'"
        options = re2.Options()
        options.log_errors = False
        options.encoding = re2.Options.Encoding.LATIN1
        try:
            made = re2.compile(pattern.encode("latin-1"), options=options)
        except re2.error as error:
            said = error.args[0] if error.args else "malformed"
            text = said.decode("latin-1") if isinstance(said, bytes) else str(said)
            return None, f"the regular expression {pattern[:80]!r}: {text}"
        self._made.append(made)
        self._numbers[pattern] = len(self._made) - 1
        return len(self._made) - 1

    def test(self, number: int, text: str) -> bool:
        """Whether it is found anywhere in a text."""
        return self._made[number].search(text.encode("latin-1")) is not None

    def match(self, number: int, text: str) -> Any:
        """What its groups hold where it is first found, or all of it if it has none."""
        found = self._made[number].search(text.encode("latin-1"))
        if found is None:
            return None
        groups = found.groups() or (found.group(0),)
        values = tuple(None if one is None else one.decode("latin-1") for one in groups)
        return values[0] if len(values) == 1 else values

    def replace(self, number: int, text: str, by: str) -> str | Problem:
        r"""Replace all that is found; \1 stands for a group."""
        try:
            made: bytes = self._made[number].sub(by.encode("latin-1"), text.encode("latin-1"))
        except Exception as error:  # re2 raises its own kinds for a bad rewrite
            return None, f"re:replace: {error}"
        if len(made) > self._longest:
            return None, f"re:replace would make a string above {self._longest} bytes"
        return made.decode("latin-1")

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What the prelude calls, by name."""
        return {
            "re": self.number,
            "re_test": self.test,
            "re_match": self.match,
            "re_replace": self.replace,
            "glob": glob,
        }


@lru_cache(maxsize=1024)
def _parts(pattern: str) -> tuple[re.Pattern[str], ...]:
    """What stands between the stars; each is found at the first place that it fits."""
    return tuple(
        re.compile(fnmatch.translate(part).removesuffix(r"\Z").removesuffix(r"\z"), re.DOTALL)
        for part in pattern.split("*")
    )


def glob(pattern: str, text: str) -> bool | Problem:
    """Whether a text fits a pattern of the shell: ``*``, ``?`` and ``[set]``; in linear time.

    >>> glob("*.example.com", "www.example.com"), glob("/api/v?/*", "/api/v1/x/y")
    (True, True)
    >>> glob("a*b", "abc"), glob("a*a", "a")
    (False, False)
    """
    if "[" in pattern and "*" in pattern[pattern.index("[") :].partition("]")[0]:
        return None, "text.glob: a * inside [set] cannot be told from one outside"
    first, *rest = _parts(pattern)
    begun = first.match(text)
    if begun is None:
        return False
    at = begun.end()
    if not rest:
        return at == len(text)
    for part in rest[:-1]:
        found = part.search(text, at)
        if found is None:
            return False
        at = found.end()
    # A part has a fixed length, so the last one can only end the text at one place.
    length = len(re.sub(r"\[.[^]]*\]", "x", pattern.split("*")[-1]))
    return len(text) - length >= at and rest[-1].fullmatch(text, len(text) - length) is not None
