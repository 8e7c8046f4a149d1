"""Pins that pools share: who may, and what is said where they may not."""

import re

import pytest

from kit.offers import registry_of
from pointsman.config.build import Site, build
from pointsman.config.following import followed
from pointsman.config.load import load_text
from pointsman.model.errors import ConfigError

SERVERS = "servers: {a: h:1, b: h:2}"
SITE = """\
version: 1
pools:
  https: {persistence: HTTPS, servers: {a: h:443, b: h:444}}
  http:
    persistence: HTTP
    servers: {a: h:80, b: h:81}
  other: {servers: {a: h:1}}
virtual_services:
  secure: {listen: "*:443", pool: https}
  plain: {listen: "*:80", mode: MODE, pool: http}
  inside: {listen: "*:81", pool: {persistence: INSIDE, servers: {a: h:80, b: h:81}}}
"""


def text(
    http: str, https: str = "{kind: pins, timeout: 20m}", inside: str = "none", mode: str = "http"
) -> str:
    return (SITE.replace("HTTPS", https).replace("HTTP", http).replace("INSIDE", inside)).replace(
        "MODE", mode
    )


def built(config: str, previous: Site | None = None) -> Site:
    registry = registry_of()
    return build(load_text(config, "f", registry), registry, previous)


@pytest.mark.parametrize(
    "http",
    [
        "{share_with: https}",
        "{share_with: secure}",
        "{kind: pins, timeout: 20m, share_with: https}",
        "{kind: pins, timeout: 1200s, share_with: https, fallback: none}",
    ],
)
def test_pools_may_share_their_pins(http: str) -> None:
    site = built(text(http))
    http_pool, https_pool = site.pools["http"], site.pools["https"]
    assert http_pool.persistence is https_pool.persistence is not None
    assert http_pool.pinning is https_pool.pinning
    assert len(site.tables) == 1


def test_several_may_share_and_pools_in_place_as_well() -> None:
    site = built(text("{share_with: inside}", inside="pins", https="{share_with: inside}"))
    assert len({site.pools[name].persistence for name in ("http", "https", "inside")}) == 1
    assert len(site.tables) == 1


def test_what_is_shared_has_to_work_for_all() -> None:
    site = built(text("{share_with: https}", mode="tcp"))
    assert site.recipes["https"].mode == "tcp"
    assert site.recipes["http"].mode == "tcp"
    assert built(text("none", mode="tcp")).recipes["https"].mode == "http"


def test_sharing_stays_over_a_reload_and_changes_with_it() -> None:
    before = built(text("{share_with: https}"))
    pins = before.pools["https"].persistence
    same = built(text("{share_with: https}"), before)
    assert same.pools["http"].persistence is same.pools["https"].persistence is pins
    other = built(text("{share_with: https}", https="{kind: pins, timeout: 5m}"), same)
    assert other.pools["http"].persistence is other.pools["https"].persistence is not pins
    apart = built(text("pins"), same)
    assert apart.pools["https"].persistence is pins
    assert apart.pools["http"].persistence is not pins


@pytest.mark.parametrize(
    ("http", "https", "expected"),
    [
        (
            "{share_with: htps}",
            "pins",
            "there is no pool or virtual service 'htps' (did you mean `h",
        ),
        ("{share_with: http}", "pins", "a pool has its own pins anyway"),
        ("{share_with: plain}", "pins", "a pool has its own pins anyway"),
        ("{share_with: https}", "none", "https has no persistence (give it one"),
        ("{share_with: other}", "pins", "other has no persistence"),
        (
            "{share_with: https}",
            "{share_with: inside}",
            "https has no pins of its own, it shares those of 'inside' (write `share",
        ),
        (
            "{kind: bare, share_with: https}",
            "pins",
            "pins cannot be shared with https: here it is bare, there pins (make both the same",
        ),
        (
            "{kind: pins, fallback: bare, share_with: https}",
            "pins",
            "pins cannot be shared with https: here it is pins and then bare, there pins",
        ),
        (
            "{kind: pins, timeout: 5m, table: other, share_with: https}",
            "{kind: pins, ignore: [/a]}",
            "pins cannot be shared with https: `timeout`, `table`, `ignore` differ",
        ),
        (
            "{kind: pins, fallback: {kind: pins, timeout: 5m}, share_with: secure}",
            "{kind: pins, fallback: pins}",
            "pins cannot be shared with secure: `timeout` differ",
        ),
    ],
)
def test_what_is_in_the_way_is_told(http: str, https: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(text(http, https, "pins"))
    found = [str(problem) for problem in caught.value.problems]
    place = re.compile(r"^f:5:\d+: pools\.http\.persistence\.share_with: ")
    told = [place.sub("", problem) for problem in found if place.match(problem)]
    assert [problem[: len(expected)] for problem in told] == [expected]


def test_servers_must_have_the_same_names() -> None:
    config = text("{share_with: https}").replace("b: h:444", "c: h:444, d: h:445")
    with pytest.raises(ConfigError) as caught:
        built(config)
    (problem,) = caught.value.problems
    assert "the names of the servers differ, only here there is b and only there is c, d" in str(
        problem
    )


def test_nobody_follows_by_default() -> None:
    configuration = load_text(text("pins"), "f", registry_of())
    assert followed(configuration.settings) == {}
