"""What is changed on the way to the server and back."""

from __future__ import annotations

import pytest

from kit.routes import Routes, answered, got
from pointsman.model.headers import Field


def test_headers_for_the_server_are_changed_in_order() -> None:
    rules = """
    - request_headers:
        remove: X-Old
        replace: {X-List: {regex: 'b+', to: '{0}!'}}
        set: {X-Client: '{client}', X-Id: '{request_id}'}
        add: {X-Many: two}
    """
    fields: list[Field] = [
        (b"x-old", b"1"), (b"X-List", b"abbc"), (b"X-Many", b"one"), (b"X-Client", b"liar"),
    ]  # fmt: skip
    stage = Routes(rules).asks(fields=fields)
    headers = got(stage).headers
    assert headers.get(b"x-old") is None
    assert headers.get(b"x-list") == b"abb!c"
    assert headers.get_all(b"x-many") == [b"one", b"two"]
    assert headers.get(b"x-client") == b"192.0.2.1"
    assert headers.get(b"x-id") == b"id-1"
    assert stage.exchange.request is not None
    assert stage.exchange.request.headers.get(b"x-client") == b"liar"  # for logs and pins


def test_headers_for_the_client_are_changed() -> None:
    rules = "[{response_headers: {remove: [Server], set: {X-From: '{pool}/{server}'}}}]"
    headers = answered(Routes(rules).asks(), [(b"Server", b"x/1.0")])
    assert headers.fields == [(b"X-From", b"pool/a")]


def test_own_answers_are_changed_as_well() -> None:
    rules = "[{response_headers: {set: {X-A: '1'}}}, {respond: 404}]"
    stage = Routes(rules).asks()
    assert stage.exchange.response is not None
    assert stage.exchange.response.headers.get(b"x-a") == b"1"


@pytest.mark.parametrize(
    ("rewrite", "target", "found"),
    [
        ("{strip_prefix: /api}", "/api/x?y", "/x?y"),
        ("{strip_prefix: /api}", "/api", "/"),
        ("{strip_prefix: /api/}", "/api/x", "/x"),
        ("{strip_prefix: /api}", "/apix", "/apix"),
        ("{add_prefix: /v1}", "/x?y", "/v1/x?y"),
        ("{strip_prefix: /a, add_prefix: /b}", "/a/x", "/b/x"),
        ("{regex: '^/u/([0-9]+)', to: '/user/{1}'}", "/u/17/x", "/user/17/x"),
        ("{regex: 'x+', to: ''}", "/axxb", None),
        ("{path: /fixed}", "/x?y", "/fixed?y"),
        ("{query: 'p={path}'}", "/x?y", "/x?p=/x"),
        ("{query: '{query}&a=1'}", "/x?y", "/x?y&a=1"),
        ("{path: 'no slash {header:X-Evil}'}", "/", "/no%20slash%20a%20b%23%E9"),
    ],
)
def test_the_target_is_rewritten(rewrite: str, target: str, found: str | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match="expected text"):
            Routes(f"[{{rewrite: {rewrite}}}]")
        return
    stage = Routes(f"[{{rewrite: {rewrite}}}]").asks(target, fields=[(b"X-Evil", b"a b#\xe9")])
    assert got(stage).target == found.encode()
    assert stage.upstream.head == b"GET " + found.encode()
    assert stage.exchange.request is not None
    assert stage.exchange.request.target == target.encode()


def test_the_query_may_go() -> None:
    stage = Routes("[{rewrite: {query: '{header:X-None}'}}]").asks("/x?y")
    assert got(stage).target == b"/x"


def test_the_host_is_rewritten() -> None:
    stage = Routes("[{rewrite: {host: 'inside.example'}}]").asks()
    assert got(stage).headers.get_all(b"host") == [b"inside.example"]
    assert got(stage).host == b"example.org"  # what X-Forwarded-Host tells


def test_options_for_the_whole_server_are_left_alone() -> None:
    assert got(Routes("[{rewrite: {path: /x}}]").asks("*", "OPTIONS")).target == b"*"


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("http://inside:8080/x?y", "https://example.org/x?y"),
        ("/app/x", "/x"),
        ("https://elsewhere/", "https://elsewhere/"),
    ],
)
def test_locations_are_rewritten(location: str, found: str) -> None:
    rules = """
    - location:
        - {from: 'http://inside:8080', to: 'https://{host}'}
        - {from: /app/, to: /}
    """
    for name in (b"Location", b"Content-Location"):
        headers = answered(Routes(rules).asks(), [(name, location.encode())], 302)
        assert headers.get(name) == found.encode()


@pytest.mark.parametrize(
    ("change", "cookie", "found"),
    [
        ("{secure: true, http_only: true, same_site: lax}", "a=1; path=/",
         "a=1; path=/; Secure; HttpOnly; SameSite=Lax"),
        ("{secure: false}", "a=1; Secure; Path=/", "a=1; Path=/"),
        ("{domain: example.org}", "a=1; Domain=inside", "a=1; Domain=example.org"),
        ("{domain: ''}", "a=1; domain=inside; Path=/", "a=1; Path=/"),
        ("{path_from: /app, path_to: ''}", "a=1; Path=/app/x", "a=1; Path=/x"),
        ("{path_from: /app, path_to: /}", "a=1; Path=/other", "a=1; Path=/other"),
        ("{names: [b], secure: true}", "a=1; Path=/", "a=1; Path=/"),
    ],
)  # fmt: skip
def test_cookies_are_changed(change: str, cookie: str, found: str) -> None:
    headers = answered(
        Routes(f"[{{set_cookie: {change}}}]").asks(), [(b"Set-Cookie", cookie.encode())]
    )
    assert headers.get_all(b"set-cookie") == [found.encode()]


def test_several_cookies_keep_their_order() -> None:
    rules = "[{set_cookie: {secure: true}}]"
    headers = answered(Routes(rules).asks(), [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")])
    assert headers.get_all(b"set-cookie") == [b"a=1; Secure", b"b=2; Secure"]


def test_browsers_are_made_careful() -> None:
    theirs: list[Field] = [(b"Server", b"x"), (b"X-Powered-By", b"y"), (b"X-Frame-Options", b"z")]
    headers = answered(Routes("[{security_headers: true}]").asks(secure=True), theirs)
    assert {*headers.fields} == {
        (b"X-Frame-Options", b"DENY"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Referrer-Policy", b"strict-origin-when-cross-origin"),
        (b"Strict-Transport-Security", b"max-age=31536000"),
    }
    rules = "[{security_headers: {frame_options: '', content_security_policy: default-src self}}]"
    headers = answered(Routes(rules).asks())
    assert b"strict-transport-security" not in headers  # it came without TLS
    assert b"x-frame-options" not in headers
    assert headers.get(b"content-security-policy") == b"default-src self"
