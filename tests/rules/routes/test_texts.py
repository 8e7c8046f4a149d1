"""One resource has one spelling for conditions; queries and cookies are taken apart."""

from __future__ import annotations

import pytest

from kit.routes import Routes
from pointsman_rules.routes.texts import cookies_of, host_of, path_of, query_of, scheme_of


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/b?c=/d/../e", "/a/b"),
        (b"/%61dmin", "/admin"),
        (b"/a/./b/../c", "/a/c"),
        (b"//a///b/", "/a/b/"),
        (b"/..", "/"),
        (b"/../../etc", "/etc"),
        (b"/a/..", "/"),
        (b"/a/b/..", "/a/"),
        (b"/a%2fb", "/a%2fb"),  # an encoded slash is no slash
        (b"/%2e%2e/x", "/x"),
        (b"/a\\..\\b", "/b"),
        (b"*", "*"),
    ],
)
def test_a_path_has_one_spelling(target: bytes, path: str) -> None:
    assert path_of(target) == path


@pytest.mark.parametrize(
    ("host", "name"),
    [("Example.ORG:8080", "example.org"), ("example.org.", "example.org"), ("[::1]:80", "[::1]")],
)
def test_a_host_has_no_port_and_no_capitals(host: str, name: str) -> None:
    assert host_of(Routes("[{}]").asks(host=host).ruled) == name


def test_a_query_is_taken_apart() -> None:
    ruled = Routes("[{}]").asks("/?a=1&b=x%20y&a=+2&c").ruled
    assert query_of(ruled) == [("a", "1"), ("b", "x y"), ("a", " 2"), ("c", "")]
    assert query_of(Routes("[{}]").asks("/").ruled) == []


def test_cookies_are_taken_apart() -> None:
    fields = [(b"Cookie", b'a=1; b="two"'), (b"Cookie", b"c=3=4")]
    ruled = Routes("[{}]").asks(fields=fields).ruled
    assert cookies_of(ruled) == [("a", "1"), ("b", "two"), ("c", "3=4")]


def test_a_scheme_is_that_of_the_connection() -> None:
    assert scheme_of(Routes("[{}]").asks(secure=True).ruled) == "https"
    assert scheme_of(Routes("[{}]").asks().ruled) == "http"
