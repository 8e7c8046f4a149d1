"""Where clients are sent: placeholders are filled in, and nothing that breaks a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import binary

from pointsman.model.message import RequestHead
from pointsman.model.when_down import RedirectAway


def request(target: bytes = b"/a/b?c=d", host: bytes = b"www.example.org:8443") -> RequestHead:
    return RequestHead(b"GET", target, host=host)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("https://status.example.org/", b"https://status.example.org/"),
        ("https://{host}{uri}", b"https://www.example.org/a/b?c=d"),
        ("https://x{path}", b"https://x/a/b"),
        ("/sorry?from={path}&{query}", b"/sorry?from=/a/b&c=d"),
    ],
)
def test_placeholders(target: str, location: bytes) -> None:
    assert RedirectAway(target).location(request()) == location


def test_an_ipv6_host_keeps_its_brackets() -> None:
    away = RedirectAway("https://{host}/")
    assert away.location(request(host=b"[::1]:80")) == b"https://[::1]/"
    assert away.location(request(host=b"[::1]")) == b"https://[::1]/"


def test_without_a_query_there_is_no_question_mark() -> None:
    assert RedirectAway("http://x{uri}").location(request(b"/a")) == b"http://x/a"


def test_what_is_no_path_becomes_one() -> None:
    away = RedirectAway("http://x{uri}")
    assert away.location(request(b"http://y/a?b")) == b"http://x/a?b"


@given(target=binary(), host=binary())
def test_a_client_puts_no_line_break_or_blank_into_a_header(target: bytes, host: bytes) -> None:
    location = RedirectAway("https://{host}{uri}").location(request(b"/" + target, host))
    assert location.isascii()
    assert not any(byte <= 0x20 or byte == 0x7F for byte in location)
    assert b"<" not in location
    assert b'"' not in location
