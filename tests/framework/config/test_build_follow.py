"""Servers that follow another one: who may, and what comes of it."""

from __future__ import annotations

import pytest

from kit.offers import registry_of
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.model.errors import ConfigError

SITE = """\
version: 1
pools:
  web:
    health: page
    servers: {a: "127.0.0.1:1", b: "127.0.0.1:2"}
  api:
    servers:
      x: {address: "127.0.0.1:3", follow: web/a}
virtual_services:
  one: {listen: "*:80", pool: web}
  two: {listen: "*:81", pool: api}
"""


def built(text: str, previous: Site | None = None) -> Site:
    registry = registry_of()
    return build(load_text(text, "f", registry), registry, previous)


def test_a_follower_has_no_check_and_the_health_of_the_other() -> None:
    site = built(SITE)
    assert [plan.member.name for plan in site.checks] == ["a", "b"]
    (x,) = site.pools["api"].members
    assert x.state == "checking"
    a = site.pools["web"].members[0]
    a.set_health(False, "refused")
    assert (x.state, x.why) == ("down", "it follows a: refused")
    a.set_health(True, "fine")
    assert x.state == "up"


def test_it_follows_the_health_and_not_the_operator() -> None:
    site = built(SITE)
    a = site.pools["web"].members[0]
    a.set_health(True, "fine")
    a.set_admin("disabled")
    assert site.pools["api"].members[0].state == "up"
    a.set_health(False, "refused")
    assert site.pools["api"].members[0].state == "down"


def test_a_follower_that_missed_something_is_put_right_in_time() -> None:
    site = built(SITE)
    a, x = site.pools["web"].members[0], site.pools["api"].members[0]
    a.set_health(False, "refused")
    x.set_health(True, "it is not checked any more")
    site.pools["web"].tick(0.0)
    assert (x.state, x.why) == ("down", "it follows a: refused")


def test_after_a_reload_it_knows_what_was_known() -> None:
    before = built(SITE.replace(", follow: web/a", ""))
    before.pools["web"].members[0].set_health(False, "refused")
    after = built(SITE, before)
    assert after.pools["api"].members[0].state == "down"
    again = built(SITE.replace("follow: web/a", "follow: web/b"), after)
    assert again.pools["web"].members[0].followers == ()


@pytest.mark.parametrize(
    ("follow", "message"),
    [
        ("a", "expected POOL/SERVER, got 'a'"),
        ("wob/a", "there is no pool 'wob' (did you mean `web`?"),
        ("web/c", "there is no server 'c' in 'web'"),
        ("api/x", "a server cannot follow itself"),
    ],
)
def test_who_cannot_be_followed(follow: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(SITE.replace("follow: web/a", f"follow: {follow}"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (8, "pools.api.servers.x.follow")
    assert message in str(problem)


def test_followers_of_followers_are_refused() -> None:
    text = SITE.replace('a: "127.0.0.1:1"', 'a: {address: "h:1", follow: web/b}')
    with pytest.raises(ConfigError, match=r"web/a follows another server itself \(follow web/b"):
        built(text)
