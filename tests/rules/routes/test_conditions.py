"""Each condition, alone and together."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.routes import Routes, answered
from pointsman.core.server_states import DISABLED


def holds(when: str, target: str = "/", method: str = "GET", **more: object) -> bool:
    routes = Routes(f"[{{when: {{{when}}}, respond: 299}}]")
    return routes.asks(target, method, **more).client.said[:1] == ["head 299"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "yes", "no"),
    [
        ("path: /a", ["/a", "/a?b", "/%61", "/x/../a"], ["/a/", "/ab", "/"]),
        ("path: [/a, /b]", ["/a", "/b"], ["/c"]),
        ("prefix: /api", ["/api", "/api/", "/api/x", "//api/x"], ["/apix", "/", "/x/api"]),
        ("prefix: /api/", ["/api", "/api/x"], ["/apix"]),
        ("prefix: /", ["/", "/x"], []),
        ('glob: "/a/*.jpg"', ["/a/b.jpg", "/a/b/c.jpg"], ["/a/b.png", "/b.jpg"]),
        ('regex: "^/[0-9]+$"', ["/17"], ["/x"]),
        ("query: {a: '1'}", ["/?a=1", "/?b&a=1"], ["/?a=2", "/", "/?b=1"]),
        ("query: {a: true}", ["/?a", "/?a=3"], ["/?b"]),
        ("query: {a: false}", ["/?b", "/"], ["/?a=1"]),
        ("path: /a, query: {b: '1'}", ["/a?b=1"], ["/a", "/x?b=1"]),
        ("any_of: [{path: /a}, {path: /b}]", ["/a", "/b"], ["/c"]),
        ("all_of: [{prefix: /a}, {glob: '*.x'}]", ["/a/b.x"], ["/a", "/b.x"]),
        ("none_of: [{path: /a}, {path: /b}]", ["/c"], ["/a", "/b"]),
        ("prefix: /a, none_of: [{path: /a/open}]", ["/a/b"], ["/a/open"]),
    ],
)
def test_paths_and_queries(when: str, yes: list[str], no: list[str]) -> None:
    assert [target for target in yes if not holds(when, target)] == []
    assert [target for target in no if holds(when, target)] == []


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("abc", "abc", "ABC"),
        ("{exact: abc, ignore_case: true}", "ABC", "abcd"),
        ("{prefix: ab}", "abc", "xab"),
        ("{suffix: bc}", "abc", "bcd"),
        ("{contains: b}", "abc", "xyz"),
        ("{glob: 'a*c'}", "abbc", "abb"),
        ("{regex: 'a+'}", "caat", "xyz"),
        ("{prefix: a, suffix: c}", "abc", "abd"),
        ("{contains: B, ignore_case: true}", "abc", "xyz"),
    ],
)
def test_values(pattern: str, yes: str, no: str) -> None:
    for kind, name, wrap in (("header", b"X-Name", "{}"), ("cookie", b"Cookie", "x-name={}")):
        when = f"{kind}: {{x-name: {pattern}}}"
        assert holds(when, fields=[(name, wrap.format(yes).encode())])
        assert not holds(when, fields=[(name, wrap.format(no).encode())])
        assert not holds(when)


def test_hosts_and_server_names() -> None:
    assert holds("host: Example.org", host="example.ORG:80")
    assert not holds("host: example.org", host="www.example.org")
    assert holds("host: '*.example.org'", host="a.b.example.org")
    assert not holds("host: '*.example.org'", host="example.org")
    assert holds("host: [a, '*.b']", host="x.b")
    assert holds("sni: '*.org'", sni="a.org", secure=True)
    assert not holds("sni: '*.org'")


def test_methods_schemes_and_clients() -> None:
    assert holds("method: [GET, HEAD]", method="HEAD")
    assert not holds("method: GET", method="POST")
    assert holds("scheme: http")
    assert not holds("scheme: https")
    assert holds("scheme: https", secure=True)
    assert holds("source: 192.0.2.0/24")
    assert not holds("source: [10.0.0.0/8, '::1']")


def test_addresses_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "us.txt").write_text("192.0.2.0/24\n")
    routes = Routes("[{when: {source: {files: [us.txt]}}, respond: 299}]", tmp_path)
    assert routes.asks().client.said[0] == "head 299"
    assert routes.asks(client="10.0.0.1").client.said == []
    (tmp_path / "us.txt").write_text("10.0.0.0/8\n")
    assert routes.room is not None
    routes.room.reactor.advance(6)
    assert routes.asks(client="10.0.0.1").client.said[0] == "head 299"
    routes.books[0].stop()
    assert routes.room.reactor.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("time", "holds_now"),
    [
        ("{}", True),
        ('{since: "22:00"}', True),
        ('{since: "22:00", until: "22:13"}', False),
        ('{since: "22:13", until: "22:14"}', True),
        ("{days: [tue]}", True),
        ("{days: [mon, wed]}", False),
        ('{since: "23:00", zone: Europe/Berlin}', True),
        ('{since: "22:30", until: "06:00"}', False),
        ('{since: "22:00", until: "06:00"}', True),
        ('{since: "23:30", until: "22:30"}', True),  # it began on Monday
        ('{days: [tue], since: "23:30", until: "22:30"}', False),
        ('{days: [mon], since: "23:30", until: "22:30"}', True),
    ],
)
def test_times(time: str, holds_now: bool) -> None:
    assert holds(f"time: {time}") is holds_now


def test_a_pool_that_is_down() -> None:
    routes = Routes("[{when: {pool_down: pool}, pool: other}]")
    assert routes.asks().ruled.pool == "pool"
    stage = routes.asks(servers=0)
    assert stage.ruled.pool == "other"
    stage = routes.asks()
    for member in stage.members[:2]:
        member.set_admin(DISABLED)
    assert routes.asks().ruled.pool == "pool"


def test_a_share_of_the_clients_is_always_the_same() -> None:
    routes = Routes("[{when: {share: 30}, respond: 299}]")
    clients = [f"10.0.{number // 250}.{number % 250}" for number in range(1000)]
    first = [routes.asks(client=each).client.said[:1] == ["head 299"] for each in clients]
    again = [routes.asks(client=each).client.said[:1] == ["head 299"] for each in clients]
    assert first == again
    assert 240 < sum(first) < 360
    other = Routes("[{when: {share: 30}}, {when: {share: 30}, respond: 299}]")
    assert first != [other.asks(client=each).client.said[:1] == ["head 299"] for each in clients]


@pytest.mark.parametrize(("percent", "always"), [(0, False), (100, True)])
def test_nobody_and_everybody(percent: float, always: bool) -> None:
    assert holds(f"share: {percent}") is always


def test_a_share_may_be_remembered_in_a_cookie() -> None:
    routes = Routes("[{when: {share: {percent: 50, cookie: lot}}, pool: other}]")
    pools = set()
    for _ in range(40):
        stage = routes.asks()
        (line,) = answered(stage).get_all(b"set-cookie")
        cookie = line.partition(b";")[0]
        assert line.endswith(b"; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")
        again = routes.asks(fields=[(b"Cookie", cookie)])
        assert again.ruled.pool == stage.ruled.pool
        assert b"set-cookie" not in answered(again)
        pools.add(stage.ruled.pool)
    assert pools == {"pool", "other"}
