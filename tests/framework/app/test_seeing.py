"""What there is to see of a running site, looked at where it runs."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from kit.persistences import asking
from pointsman.app.assembly import RunningSite
from pointsman.app.loading import configuration_of, registry_with, site_of
from pointsman.app.seeing import Seeing
from pointsman.app.seen import ServerSeen, ServiceSeen, SiteSeen
from pointsman.config.steps import at_once
from pointsman.core.members import Member
from pointsman.model.errors import ReloadError
from pointsman.net.listener import Listener

CONFIG: dict[str, Any] = {
    "version": 1,
    "pools": {
        "web": {
            "persistence": {"kind": "server_cookie", "cookie": "SID", "fallback": "source_ip"},
            "health": "none",
            "drain_time": "60s",
            "servers": {"a": {"address": "127.0.0.1:1", "weight": 10}, "b": "127.0.0.1:2"},
        },
        "spare": {
            "health": "none",
            "persistence": {"kind": "active_cookie", "cookie": "pin"},
            "servers": {"s": "127.0.0.1:3"},
        },
    },
    "virtual_services": {
        "site": {
            "listen": "127.0.0.1:0",
            "pool": "web",
            "when_down": {"pool": "spare"},
            "tls": {"mode": "offload"},
        },
        "raw": {"listen": "127.0.0.1:0", "mode": "tcp", "pool": {
            "health": "none", "servers": {"x": "127.0.0.1:4"}}},
    },
}  # fmt: skip


class Play:
    def __init__(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        registry = registry_with()
        site = site_of(configuration_of(CONFIG, registry), registry, self.reactor, {})
        self.running = RunningSite(
            site, registry, self.reactor, {}, clock=self.reactor.seconds, wall=lambda: 1e9
        )
        self.running.listen()
        self.running.begin()

    def member(self, name: str, pool: str = "web") -> Member:
        member = self.running.site.pools[pool].member(name)
        assert member is not None
        return member

    def seen(self) -> SiteSeen:
        return at_once(Seeing(self.running).site("site.yaml", 3, ["careful"]))

    def server(self, name: str, pool: str = "web") -> ServerSeen:
        found = {p.name: {s.name: s for s in p.servers} for p in self.seen().pools}
        return found[pool][name]

    def service(self, name: str = "site") -> ServiceSeen:
        return {each.name: each for each in self.seen().services}[name]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    for method in ("open", "close", "pause", "resume"):
        monkeypatch.setattr(Listener, method, lambda self: None)
    return Play()


def test_the_whole_site(play: Play) -> None:
    seen = play.seen()
    assert (seen.file, seen.revision, seen.warnings) == ("site.yaml", 3, ["careful"])
    assert (seen.began, seen.now) == (1e9, 1e9)
    assert [each.name for each in seen.services] == ["site", "raw"]
    assert [(each.name, each.scheduling, each.persistence) for each in seen.pools] == [
        ("web", "round_robin", ["server_cookie", "source_ip"]),
        ("spare", "round_robin", ["active_cookie"]),
        ("raw", "round_robin", []),
    ]


def test_a_service(play: Play) -> None:
    play.running.life.tick(0.0)
    seen = play.service()
    assert (seen.state, seen.why, seen.since) == ("up", "2 of 2 servers work", None)
    assert (seen.mode, seen.pool, seen.sorry, seen.leaving) == ("http", "web", "spare", False)
    assert seen.tls is not None
    assert (seen.tls.temporary, seen.tls.failures, seen.tls.troubles) == (True, {}, {})
    handshakes = play.running.services[0].handshakes
    assert handshakes is not None
    handshakes.failures["too late"] += 2
    assert play.service().tls == seen.tls.__class__(
        seen.tls.mode, True, 0, 0, 0, {"too late": 2}, {}
    )
    assert play.service("raw").tls is None


def test_a_service_that_changes_its_state(play: Play) -> None:
    play.running.life.tick(0.0)
    for name in "ab":
        play.member(name).set_health(False, "403")
    seen = play.service()
    assert (seen.state, seen.since) == ("sorry", 1e9)


def test_a_server_says_since_when_and_why(play: Play) -> None:
    assert (play.server("a").state, play.server("a").since) == ("up", None)
    play.member("a").set_health(False, "403 not among accepted")
    seen = play.server("a")
    assert (seen.state, seen.why, seen.since) == ("down", "403 not among accepted", 1e9)
    assert seen.by_command == []


def test_what_was_set_by_command_is_told(play: Play) -> None:
    play.member("a").set_admin("maintenance")
    play.member("a").set_weight(5)
    assert play.server("a").by_command == ["maintenance", "weight 10 -> 5"]
    assert (play.server("a").weight, play.server("a").wanted_weight) == (5, 5)


def test_pins_of_all_kinds_count_and_a_drain_has_its_forecast(play: Play) -> None:
    pinning = play.running.site.pools["web"].pinning
    assert pinning is not None
    for kind, key in zip(pinning.kinds, (b"cookie", b"address"), strict=True):
        table = kind.persistence.table
        assert table is not None
        table.put(key, "a", 0.0)
    assert play.server("a").pins == 2
    assert play.server("a").drain is None
    play.member("a").set_admin("draining")
    play.member("a").begin()
    play.running.life.tick(0.0)
    play.reactor.rightNow = 20.0
    seen = play.server("a")
    assert seen.drain is not None
    assert (seen.drain.pins, seen.drain.open, seen.drain.left) == (2, 1, 40.0)
    assert seen.drain.empty_within is None
    assert seen.drain.words.startswith("2 pinned clients, 1 open, drain time ends in 40s")


def test_pins_that_were_not_believed_are_counted(play: Play) -> None:
    pool = play.running.site.pools["spare"]
    assert pool.persistence is not None
    pool.persistence.find(asking(b"Cookie: pin=of-mine"), 0.0)
    assert {each.name: each.refused_pins for each in play.seen().pools} == {
        "web": {}, "spare": {"forged": 1}, "raw": {},
    }  # fmt: skip


def test_a_fallback_with_pins_keeps_a_drain_going(play: Play) -> None:
    pinning = play.running.site.pools["web"].pinning
    assert pinning is not None
    table = pinning.kinds[1].persistence.table
    assert table is not None
    table.put(b"address", "a", 0.0)
    play.member("a").set_admin("draining")
    play.running.life.tick(0.0)
    assert play.member("a").state == "draining"
    table.drop(b"address")
    play.running.life.tick(1.0)
    assert play.member("a").state == "disabled"


def test_a_service_that_was_removed_is_seen_while_it_has_clients(play: Play) -> None:
    raw = play.running.services[1]
    play.running.services = play.running.services[:1]
    play.running.leaving.add_service(raw, 0.0)
    assert [(each.name, each.leaving) for each in play.seen().services] == [
        ("site", False),
        ("raw", True),
    ]


def test_at_the_end_every_service_is_on_its_way_out(play: Play) -> None:
    for each in play.running.services:
        play.running.leaving.add_service(each, 0.0)
    assert [(each.name, each.leaving) for each in play.seen().services] == [
        ("site", True),
        ("raw", True),
    ]


def test_a_server_that_was_removed_is_seen_while_it_has_work(play: Play) -> None:
    member = play.member("a")
    play.running.leaving.add_member(member, 30.0)
    assert play.seen().removed == []
    member.begin()
    (removed,) = play.seen().removed
    assert (removed.name, removed.active, removed.left) == ("a", 1, 30.0)


def test_what_was_stopped_meanwhile_is_not_looked_at(play: Play) -> None:
    steps = Seeing(play.running).site("", 1, [])
    next(steps)
    play.running.closed = True
    with pytest.raises(ReloadError, match="it has stopped meanwhile"):
        at_once(steps)
