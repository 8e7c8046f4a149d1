"""On reload what did not change is taken over from the site that runs (DESIGN 5.12)."""

from __future__ import annotations

from typing import Any

import pytest

from kit.built import SITE, built
from kit.offers import First, Offers, Pins, registry_of
from kit.succession import Succession
from pointsman.core.server_states import DRAINING
from pointsman.model.errors import ConfigError


def test_what_did_not_change_is_taken_over() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    a, b = before.pools["web"].members
    a.set_admin(DRAINING)
    changed = SITE.replace("weight: 7", "weight: 8").replace("b: {", 'n: "h:1", b: {')
    after = built(changed, registry, before)
    members = after.pools["web"].members
    assert [member.name for member in members] == ["a", "n", "b"]
    assert members[0] is a
    assert members[2] is b
    assert (b.weight, b.server.weight) == (8, 8)
    assert after.pools["web"].scheduler is before.pools["web"].scheduler
    assert after.pools["web"].persistence is before.pools["web"].persistence
    assert after.tables == before.tables
    scheduler = after.pools["web"].scheduler
    assert isinstance(scheduler, First)
    assert scheduler.kept == [("a", "b"), ("a", "n", "b")]


def test_a_taken_over_member_tells_its_new_pool() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    after = built(SITE, registry, before)
    after.pools["web"].members[0].set_health(False, "gone")
    assert [member.name for member in after.pools["web"].available] == ["b"]


def test_other_options_make_other_objects() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    changed = SITE.replace("persistence: pins", "persistence: {kind: pins, timeout: 5s}")
    after = built(changed, registry, before)
    assert isinstance(after.pools["web"].persistence, Pins)
    assert after.pools["web"].persistence is not before.pools["web"].persistence
    assert after.pools["web"].scheduler is before.pools["web"].scheduler


def test_a_build_that_fails_leaves_the_previous_site_alone() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    with pytest.raises(ConfigError):
        built(SITE.replace("  web:\n", "  web:\n    scheduling: broken\n"), registry, before)
    before.pools["web"].members[0].set_health(False, "gone")
    assert [member.name for member in before.pools["web"].available] == ["b"]


SECURE = SITE.replace("pool: web,", "pool: web, tls: succeeding,")


def test_a_tls_mode_that_is_to_do_the_same_stays() -> None:
    registry = registry_of(Offers(), Succession())
    before = built(SECURE, registry)
    mode: Any = before.services[0].tls
    heavier = SECURE.replace("weight: 7", "weight: 8")
    after = built(heavier, registry, before)
    assert mode.befores == []
    assert after.services[0].tls is mode


def test_a_tls_mode_takes_the_place_of_the_one_before() -> None:
    registry = registry_of(Offers(), Succession())
    before = built(SECURE, registry)
    first: Any = before.services[0].tls
    moved = SECURE.replace("127.0.0.1:1", "127.0.0.1:3")
    with pytest.raises(ConfigError):
        built(moved.replace("{c: unix:/run/c}}", "{c: unix:/run/c}}, tls: failing"),
              registry, before)  # fmt: skip
    after = built(moved, registry, before)
    second: Any = after.services[0].tls
    assert second is not first
    assert (first.befores, second.befores) == ([], [first])
    assert built(SITE, registry, after).services[0].tls is None


def test_a_service_is_the_same_one_with_other_settings() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    one, two = before.services
    one.accepted = 5
    changed = SITE.replace("idle: 5s", "idle: 6s").replace("mode: tcp, ", "")
    after = built(changed, registry, before)
    assert after.services[0] is one
    assert (one.settings.timeouts.idle, one.accepted) == (6.0, 5)
    assert after.services[1] is not two, "another mode makes another service"


def test_what_is_under_way_ends_with_the_persistence_that_it_began_with() -> None:
    registry = registry_of()
    before = built(SITE, registry)
    pool, pins = before.pools["web"], before.pools["web"].persistence
    changed = SITE.replace("persistence: pins", "persistence: {kind: pins, timeout: 5s}")
    after = built(changed, registry, before)
    assert after.pools["web"] is not pool
    assert pool.persistence is pins
    assert after.services[0].pool is after.pools["web"]
