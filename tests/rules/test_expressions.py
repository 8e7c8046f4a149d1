"""Regular expressions and globs in linear time."""

import fnmatch
import importlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.expressions import LONGEST, MOST, Expressions, glob


def number(expressions: Expressions, pattern: str) -> int:
    found = expressions.number(pattern)
    assert isinstance(found, int), found
    return found


def test_an_expression_tests_matches_and_replaces() -> None:
    known = Expressions(1000)
    at = number(known, r"(\w+)=(\d+)")
    assert number(known, r"(\w+)=(\d+)") == at
    assert known.test(at, "x uid=7")
    assert known.match(at, "x uid=7") == ("uid", "7")
    assert known.match(at, "x") is None
    assert known.replace(at, "a=1 b=2", r"\2=\1") == "1=a 2=b"
    plain = number(known, "[a-z]+")
    assert known.match(plain, "12abc") == "abc"
    assert known.match(number(known, "(a)|(b)"), "b") == (None, "b")


def test_bytes_are_bytes() -> None:
    known = Expressions(1000)
    assert known.match(number(known, "(.)x"), "\xffx") == "\xff"


def test_what_backtracks_elsewhere_ends_at_once() -> None:
    known = Expressions(1000)
    assert not known.test(number(known, "(a+)+b"), "a" * 100_000)


def test_what_is_wrong_is_told() -> None:
    known = Expressions(10)
    assert known.number("(a")[0] is None  # type: ignore[index]
    assert known.number("x" * (LONGEST + 1))[0] is None  # type: ignore[index]
    assert known.replace(number(known, "a"), "aaaa", "bbb")[0] is None
    assert known.replace(number(known, "a"), "a", r"\7")[0] is None


def test_there_are_not_too_many() -> None:
    known = Expressions(10)
    for at in range(MOST):
        number(known, str(at))
    assert "once" in known.number("one more")[1]  # type: ignore[index]


def test_without_google_re2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    said = Expressions(10).number("a")
    assert isinstance(said, tuple)
    assert "pip install 'pointsman[rules]'" in said[1]
    monkeypatch.undo()
    importlib.import_module("re2")


@given(
    st.text(st.sampled_from("ab*?"), max_size=8),
    st.text(st.sampled_from("ab\n"), max_size=12),
)
def test_globs_are_those_of_the_shell(pattern: str, text: str) -> None:
    assert glob(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_globs_with_sets() -> None:
    assert glob("[ab]x*", "bxyz") is True
    assert glob("*[0-9]", "a7") is True
    assert glob("*[0-9]", "a") is False
    assert glob("[*]", "x")[0] is None  # type: ignore[index]
