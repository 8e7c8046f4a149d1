"""Cookies that a response sets."""

import pytest

from pointsman.model.headers import Headers
from pointsman_rules import set_cookies

LINES = (b"a=1; Path=/; Secure", b'b="x y"; HttpOnly; SameSite=None', b"a=2")


def headers() -> Headers:
    return Headers([(b"Set-Cookie", line) for line in LINES])


def lines(found: Headers) -> list[bytes]:
    return found.get_all(b"Set-Cookie")


def test_they_are_found_by_name() -> None:
    found = headers()
    assert set_cookies.names(found) == ["a", "b", "a"]
    assert (set_cookies.value(found, "a"), set_cookies.value(found, "c")) == ("1", None)
    assert set_cookies.attribute(found, "b", "samesite") == "None"
    assert set_cookies.attribute(found, "b", "httponly") == ""
    assert set_cookies.attribute(found, "b", "secure") is None


def test_one_takes_the_place_of_all_of_its_name() -> None:
    found = headers()
    assert set_cookies.put(found, "a", "3", "Path=/x\nSecure") is None
    assert lines(found) == [LINES[1], b"a=3; Path=/x; Secure"]


def test_attributes_are_added_changed_and_taken_away() -> None:
    found = headers()
    assert set_cookies.change(found, "*", "Secure\nPath=/p\n!HttpOnly") is None
    assert lines(found) == [
        b"a=1; Secure; Path=/p",
        b'b="x y"; SameSite=None; Secure; Path=/p',
        b"a=2; Secure; Path=/p",
    ]  # fmt: skip
    set_cookies.change(found, "none", "Secure")
    assert len(lines(found)) == 3


def test_they_are_removed() -> None:
    found = headers()
    set_cookies.remove(found, "a")
    assert lines(found) == [LINES[1]]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("a b", "1", ""), ("a", "1;2", ""), ("a", "1\r\nx: y", ""), ("a", "1", "Path=/;x")],
)
def test_what_would_break_out_is_refused(name: str, value: str, words: str) -> None:
    found = headers()
    assert set_cookies.put(found, name, value, words)
    assert lines(found) == list(LINES)
