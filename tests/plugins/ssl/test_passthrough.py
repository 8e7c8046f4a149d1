"""Passthrough: which pool a client goes to, and what a configuration is told that cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from kit.arrivals import Visit, connection
from pointsman.app.loading import registry_with
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.contracts import Misfit, Surroundings
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError
from pointsman.model.server import RealServer
from pointsman_ssl.passthrough import OFFERS, Mode

TCP = Surroundings("pool", "tcp", service="site")


def made(around: Surroundings = TCP, /, **settings: Any) -> Mode:
    offer = OFFERS["passthrough"]
    mode: Mode = offer.make(offer.settings.model_validate(settings), around)
    return mode


def asks_for(name: str = "", *alpn: bytes) -> Visit:
    visit = connection()
    visit.connection = visit.connection._replace(server_name=name, alpn=alpn)
    return visit


def goes(mode: Mode, name: str = "", *alpn: bytes) -> str | None:
    return mode.passage.pool_for(asks_for(name, *alpn))


# ---- where clients go ----


def test_without_routes_all_go_to_the_pool_of_the_service() -> None:
    mode = made()
    assert (goes(mode), goes(mode, "a.example.org", b"h2")) == ("", "")
    assert (mode.client, mode.upstream, mode.describes, mode.warnings) == (
        None,
        None,
        "passthrough",
        (),
    )
    assert mode.passage.most_hello == 16 * 1024


def test_the_nearest_name_wins_whatever_the_order() -> None:
    mode = made(
        routes=[
            {"alpn": "acme-tls/1", "pool": "acme"},
            {"server_name": "*.example.org", "pool": "wild"},
            {"server_name": ["A.example.org", "b.example.org"], "pool": "exact"},
            {"server_name": "own.example.org"},
        ],
        otherwise="rest",
    )
    assert goes(mode, "a.example.org") == goes(mode, "b.example.org") == "exact"
    assert goes(mode, "c.example.org") == "wild"
    assert goes(mode, "own.example.org") == ""
    assert goes(mode, "a.example.org", b"acme-tls/1") == "exact"
    assert (
        goes(mode, "other.example", b"h2", b"acme-tls/1") == goes(mode, "", b"acme-tls/1") == "acme"
    )
    assert goes(mode) == goes(mode, "other.example", b"h2") == "rest"
    assert mode.describes == "passthrough, 4 routes"


def test_a_wildcard_stands_for_one_label() -> None:
    mode = made(routes=[{"server_name": "*.example.org", "pool": "wild"}], otherwise="refuse")
    assert goes(mode, "a.example.org") == "wild"
    for name in ("example.org", "a.b.example.org", "aexample.org", "org", ""):
        assert goes(mode, name) is None


def test_among_routes_of_a_name_a_protocol_goes_before_none() -> None:
    mode = made(
        routes=[
            {"server_name": "a.example", "pool": "any"},
            {"server_name": "a.example", "alpn": ["h2", "h3"], "pool": "new"},
            {"server_name": "a.example", "alpn": "http/1.1", "pool": "old"},
        ]
    )
    assert goes(mode, "a.example", b"http/1.1") == "old"
    assert goes(mode, "a.example", b"http/1.1", b"h2") == "new"
    assert goes(mode, "a.example", b"x") == goes(mode, "a.example") == "any"


def test_a_name_whose_protocols_do_not_fit_falls_to_the_next() -> None:
    mode = made(
        routes=[
            {"server_name": "a.example", "alpn": "h2", "pool": "exact"},
            {"server_name": "*.example", "pool": "wild"},
        ]
    )
    assert goes(mode, "a.example", b"h2") == "exact"
    assert goes(mode, "a.example", b"\x0a\x0a") == "wild"


# ---- what cannot work ----

SITE = """\
version: 1
pools:
  blue: {servers: {a: 127.0.0.1:443}}
  green: {servers: {b: 127.0.0.2:443}}
virtual_services:
  site:
    listen: 127.0.0.1:443
    mode: tcp
    pool: blue
    tls:
      mode: passthrough
"""


def built(tls: str, text: str = SITE) -> Site:
    registry = registry_with()
    more = "".join(f"      {line}\n" for line in tls.splitlines())
    return build(load_text(text + more, "f", registry), registry)


def wrong(tls: str, text: str = SITE) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        built(tls, text)
    return [str(problem) for problem in caught.value.problems]


def test_a_service_routes_to_pools_that_are_no_longer_unused() -> None:
    tls = "routes: [{server_name: b.example, pool: green}]"
    registry = registry_with()
    assert load_text(f"{SITE}      {tls}\n", "f", registry).warnings == ()
    site = built(tls)
    (service,) = site.services
    assert service.route is not None
    assert service.route(asks_for("b.example")) is site.pools["green"]
    assert service.route(asks_for()) is service.pool is site.pools["blue"]
    assert site.recipes["green"].mode == "tcp"


def test_other_modes_have_no_route() -> None:
    text = SITE.split("    tls:")[0]
    assert built("", text).services[0].route is None


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (
            "routes: [{server_name: b.example, pool: gren}]",
            ["f:12:47", "routes[0].pool: there is no pool 'gren'", "did you mean `green`?"],
        ),
        ("otherwise: gren", ["f:12:18", "otherwise: there is no pool 'gren'"]),
        ("otherwise: 7", ["f:12:18", "expected the name of a pool"]),
        (
            "routes:\n- {server_name: b.example}\n- {server_name: [a.example, B.example]}",
            ["f:14:35", "b.example is in route 1 of the list already", "remove one"],
        ),
        (
            "routes: [{alpn: [h2, h2]}]",
            ["f:12:17", "h2 is in route 1 of the list already"],
        ),
        (
            "routes: [{server_name: a.example, alpn: h2}, {server_name: a.example, alpn: h2}]",
            ["f:12:66", "a.example and h2 is in route 1"],
        ),
        ("routes: [{pool: green}]", ["f:12:16", "needs a server_name or alpn", "otherwise"]),
        ("routes: [{server_name: '*'}]", ["f:12:30", "a wildcard needs a domain"]),
        ("routes: [{server_name: '*.'}]", ["f:12:30", "a wildcard needs a domain"]),
        ("routes: [{server_name: a.*.example}]", ["f:12:30", "the whole first label only"]),
        ("routes: [{server_name: a*.example}]", ["f:12:30", "the whole first label only"]),
        ("routes: [{server_name: '*.*.example'}]", ["f:12:30", "no host name"]),
        ("routes: [{server_name: 127.0.0.1}]", ["f:12:30", "an IP address is no server name"]),
        ("routes: [{server_name: a.example.}]", ["f:12:30", "no dot at its end"]),
        ("routes: [{server_name: bücher.example}]", ["f:12:30", "xn--"]),
        ("routes: [{alpn: ''}]", ["f:12:23", "1 to 255 ASCII"]),
        ("routes: [{server_nam: a}]", ["f:12:17", "not known here", "server_name"]),
        ("max_hello: 10", ["f:12:18", "expected a size with its unit"]),
        ("max_hello: 10B", ["f:12:18", "at least 512"]),
        ("certificates: [x]", ["f:12:7", "never uses this", "mode: reencrypt"]),
        ("upstream: {verify: none}", ["f:12:7", "never uses this"]),
        ("hsts: true", ["f:12:13", "never uses this"]),
    ],
)
def test_a_mistake_is_told_with_its_place(tls: str, expected: list[str]) -> None:
    problem = wrong(tls)[0]
    for words in expected:
        assert words in problem


def test_http_mode_sees_nothing_of_it() -> None:
    (problem,) = wrong("", SITE.replace("mode: tcp", "mode: http"))
    assert "f:11:13" in problem
    assert "sees no requests" in problem
    assert "mode: tcp" in problem


@pytest.mark.parametrize("scheduling", ["uri_hash", "{kind: header_hash, header: X}"])
def test_what_needs_a_request_cannot_be_in_a_pool_of_a_route(scheduling: str) -> None:
    text = SITE.replace("{b:", f"{{b: 127.0.0.9:9}}, scheduling: {scheduling}}} #")
    (problem,) = wrong("routes: [{server_name: b.example, pool: green}]", text)
    assert "pools.green.scheduling" in problem
    assert "tcp" in problem


def test_doubtful_combinations_are_warned_of() -> None:
    plain = RealServer("a", Address("127.0.0.1", 80))
    around = Surroundings("pool", "tcp", service="site", servers=(plain,))
    (warning,) = made(around).warnings
    assert "'a' listens on port 80" in warning
    (unused,) = made(
        routes=[{"server_name": "a.example", "pool": "green"}], otherwise="refuse"
    ).warnings
    assert "never used" in unused


def test_the_maker_itself_says_which_key_is_at_fault() -> None:
    with pytest.raises(Misfit, match="sees no requests") as caught:
        made(Surroundings("pool", "http"))
    assert caught.value.at == ("mode",)
