"""A change that is prepared in vain, or interrupted by the end, leaves nothing half done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from pointsman.app.access_log import AccessLogError
from pointsman.app.assembly import RunningSite
from pointsman.app.loading import configuration_of, drafting, registry_with, site_of
from pointsman.app.site_change import SiteChange, hosts
from pointsman.config.draft import Draft
from pointsman.config.registry import Registry
from pointsman.config.steps import at_once
from pointsman.model.address import Address
from pointsman.model.errors import ReloadError, TableError
from pointsman.net.listener import Listener


class Play:
    """A site at work on a clock, without sockets."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.registry: Registry = registry_with()
        site = site_of(configuration_of(config(), self.registry), self.registry, reactor, {})
        self.running = RunningSite(site, self.registry, reactor, {}, clock=reactor.seconds)
        self.running.listen()

    def draft(self, **keys: Any) -> Draft:
        configuration = configuration_of(config(**keys), self.registry)
        return at_once(drafting(configuration, self.registry, self.reactor, {}, self.running.site))

    def change(self, draft: Draft) -> list[Any]:
        """Begin a change; what comes of it, once it has."""
        told: list[Any] = []
        self.running.change(draft).addBoth(told.append)
        return told


def config(idle: str = "1m", services: int = 1, **more: Any) -> dict[str, Any]:
    pool = {
        "persistence": {"kind": "source_ip", "timeout": "5s"},
        "health": "none",
        "servers": {"a": "127.0.0.1:1"},
    }
    service = {"listen": "127.0.0.1:0", "timeouts": {"idle": idle}, "pool": pool}
    named = {f"s{number}": service for number in range(services)}
    return {"version": 1, "virtual_services": named, **more}


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    for method in ("open", "close", "pause", "resume"):
        monkeypatch.setattr(Listener, method, lambda self: None)
    return Play(MemoryReactorClock())


def test_before_it_is_at_work_nothing_can_be_changed(play: Play) -> None:
    (failure,) = play.change(play.draft(idle="2m"))
    assert failure.check(ReloadError)
    play.running.begin()
    assert play.change(play.draft(idle="2m")) == [None]
    assert play.running.services[0].service.settings.timeouts.idle == 120.0


def test_an_access_log_that_cannot_be_opened_fails_it(play: Play, tmp_path: Path) -> None:
    play.running.begin()
    log = {"access_log": {"to": {"file": str(tmp_path / "no" / "log")}}}
    (failure,) = play.change(play.draft(**log))
    assert failure.check(AccessLogError)
    assert play.running.access_log is None


def test_the_access_log_is_exchanged(play: Play, tmp_path: Path) -> None:
    play.running.begin()
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        assert play.change(play.draft(access_log={"to": {"file": str(path)}})) == [None]
    log = play.running.access_log
    assert log is not None
    assert play.running.services[0].service.finished[1] == log.finished
    assert len(play.running.services[0].service.finished) == 2
    assert play.change(play.draft(idle="2m", access_log={"to": {"file": str(second)}})) == [None]
    assert play.running.access_log is log
    assert play.change(play.draft()) == [None]
    assert len(play.running.services[0].service.finished) == 1
    assert second.exists()


def test_a_table_that_cannot_be_started_fails_it(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    play.running.begin()
    draft = play.draft(idle="2m", services=2, access_log={"to": {"file": str(tmp_path / "log")}})
    (table,) = draft.tables

    def start(self: object, reactor: object) -> None:
        raise TableError("no room")

    monkeypatch.setattr(type(table), "start", start)
    (failure,) = play.change(draft)
    assert failure.check(TableError)
    assert play.running.access_log is None
    assert [each.service.settings.timeouts.idle for each in play.running.services] == [60.0]


def test_being_stopped_while_it_is_prepared_ends_it(play: Play) -> None:
    play.running.begin()
    pool = {"health": "none", "servers": {"x": "a.name.that.nobody.answers:80"}}
    play.reactor.installNameResolver(NoAnswer())
    told = play.change(play.draft(pools={"named": pool}))
    assert told == []
    stopped: list[None] = []
    play.running.stop().addCallback(stopped.append)
    play.reactor.pump([0.0] * 10)
    assert told[0].check(ReloadError)
    assert stopped == [None]
    assert play.reactor.getDelayedCalls() == []


def test_being_stopped_while_it_is_carried_out_completes_it(play: Play) -> None:
    play.running.begin()
    change = SiteChange(play.running, play.draft(idle="2m", services=3))
    change.prepare()
    steps = play.running._becoming = change.carry_out()
    for _ in range(2):
        next(steps)
    assert len(play.running.services) == 1
    stopped: list[None] = []
    play.running.stop().addCallback(stopped.append)
    play.reactor.pump([0.0] * 10)
    assert [each.service.name for each in play.running.services] == ["s0", "s1", "s2"]
    assert stopped == [None]
    assert play.reactor.getDelayedCalls() == []


def test_only_names_are_looked_up() -> None:
    places = [Address("a.example", 1), Address("10.0.0.1", 1), Address(path="/x"), Address()]
    assert hosts(places) == {"a.example"}


class NoAnswer:
    """A resolver that is silent."""

    def resolveHostName(self, receiver: object, *rest: object, **more: object) -> None:
        """Nothing comes of it."""
