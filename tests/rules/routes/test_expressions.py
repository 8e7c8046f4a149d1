"""Patterns: the same with and without google-re2, and never exponential."""

from __future__ import annotations

import fnmatch
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.routes.expressions import LONGEST, compiled, glob


@pytest.fixture(params=["as it is", "without re2"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without re2":
        real = importlib.import_module

        def without(name: str, package: str | None = None) -> object:
            if name == "re2":
                raise ImportError(name)
            return real(name, package)

        monkeypatch.setattr(importlib, "import_module", without)
    return str(request.param)


def test_groups_are_found(either: str) -> None:
    search = compiled(r"^/u/([0-9]+)(/.*)?$")
    assert search("/u/17") == ("/u/17", "17", "")
    assert search("/u/17/x") == ("/u/17/x", "17", "/x")
    assert search("/u/x") is None
    assert compiled("ABC", True)("xabcx") == ("abc",)


def test_what_is_no_pattern_is_refused(either: str) -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        compiled("(")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*b*)*c", "((ab)*x?)+y", r"(a)\1", "(.*,){20}P"])
def test_what_may_explode_needs_re2(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> object:
        if name == "re2":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ValueError, match="only safe with google-re2"):
        compiled(pattern)


def test_without_re2_long_texts_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str, package: str | None = None) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", without)
    assert compiled("a")("a" * LONGEST) is not None
    assert compiled("a")("a" * (LONGEST + 1)) is None


@given(st.text("ab*?.", max_size=8), st.text("ab.", max_size=8))
def test_a_glob_is_what_others_take_it_for(pattern: str, text: str) -> None:
    assert glob(pattern)(text) == fnmatch.fnmatchcase(text, pattern)


def test_a_glob_takes_no_long_time() -> None:
    assert not glob("*a" * 30 + "b")("a" * 20_000)
    assert glob("A*C", True)("abbbc")
