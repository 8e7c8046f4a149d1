"""A draft looks at the site that runs, and changes nothing of it until it is put to work."""

from __future__ import annotations

from kit.offers import DictTable, registry_of
from pointsman.config.build import build, draft
from pointsman.config.load import load_text
from pointsman.config.steps import at_once
from pointsman.core.server_states import StateChange
from pointsman.model.address import Address

SITE = """\
version: 1
pools:
  web:
    persistence: pins
    health: {kind: page, path: /up, port: 9}
    servers: {a: "127.0.0.1:1", b: "name:2"}
virtual_services:
  one: {listen: "*:80", pool: web}
"""
OTHER = SITE.replace("127.0.0.1:1", "127.0.0.1:3").replace(
    "persistence: pins", "persistence: {kind: pins, timeout: 5s}"
)


def test_it_knows_what_there_will_be() -> None:
    registry = registry_of()
    made = at_once(draft(load_text(SITE, "f", registry), registry))
    assert [settings.name for settings in made.service_settings] == ["one"]
    assert [server.name for _, server in made.servers()] == ["a", "b"]
    assert {*made.places()} == {
        Address("127.0.0.1", 1), Address("name", 2), Address("127.0.0.1", 9), Address("name", 9)
    }  # fmt: skip


def test_nothing_changes_before_it_is_put_to_work() -> None:
    registry = registry_of()
    before = build(load_text(SITE, "f", registry), registry)
    pool, members = before.pools["web"], before.pools["web"].members
    made = at_once(draft(load_text(OTHER, "f", registry), registry, before))
    assert before.services[0].pool is pool
    assert pool.members == members
    (table,) = made.tables
    assert isinstance(table, DictTable)
    made.discard()
    assert table.closed
    pool.members[0].set_health(False, "gone")
    assert [member.name for member in pool.available] == ["b"]


def test_a_pool_remembers_what_happened_to_its_servers() -> None:
    registry = registry_of()
    before = build(load_text(SITE, "f", registry), registry)
    change = StateChange(1.0, "a", "up", "down", "health", "gone")
    before.pools["web"].history.append(change)
    after = at_once(draft(load_text(OTHER, "f", registry), registry, before)).put_to_work()
    assert [*after.pools["web"].history] == [change]
