"""The life of servers: who hears of changes, what is remembered, what is cut."""

from __future__ import annotations

from typing import Any

from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.recorders import FirstOf
from pointsman.app.server_life import ServerLife
from pointsman.core.members import Member
from pointsman.core.pool import REMEMBERED, Pool
from pointsman.core.server_states import (
    AGENT_DOWN,
    DISABLED,
    DRAINING,
    ENABLED,
    MAINTENANCE,
    StateChange,
)
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.pool_settings import OutlierSettings, PoolSettings
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings


class Connections:
    def __init__(self) -> None:
        self.left: list[tuple[str, bool]] = []
        self.service = VirtualService(
            ServiceSettings("site", (Address("127.0.0.1", 80),)), Pool("none", [], FirstOf())
        )

    def leave(self, member: Member, *, drop: bool) -> None:
        self.left.append((member.name, drop))


class Life:
    """A pool whose life is watched."""

    def __init__(self, **settings: Any) -> None:
        self.member = Member(RealServer("a", max_connections=1))
        self.pool = Pool("web", [self.member], FirstOf(), settings=PoolSettings(**settings))
        self.connections = Connections()
        self.told: list[tuple[str, ...]] = []
        self.connections.service.pool = self.pool
        self.told_of_service: list[tuple[str, ...]] = []
        self.life = ServerLife(
            lambda: [self.connections],
            [lambda *words: self.told.append(words)],
            [lambda *words: self.told_of_service.append(words)],
            lambda: 1e9,
        )
        self.life.watch({"web": self.pool})


def test_each_change_is_told_and_remembered_with_its_reason() -> None:
    life = Life()
    with noted_log() as events:
        change_four_times(life.member)
    assert [tuple(change) for change in life.pool.history] == [
        (1e9, "a", "checking", "down", "health", "403 not among accepted 200-299"),
        (1e9, "a", "down", "up", "health", "200"),
        (1e9, "a", "up", "draining", "operator", "for the update"),
        (1e9, "a", "draining", "up", "operator", "updated"),
    ]
    assert life.told[0] == ("web", "a", "checking", "down", "403 not among accepted 200-299")
    assert len(life.told) == 4
    # The health check has logged its own.
    lines = [line for event in events if (line := formatEvent(event)).startswith("web/")]
    assert lines == ["web/a is draining: for the update", "web/a is up: updated"]


def change_four_times(member: Member) -> None:
    member.checking = True
    member.set_health(False, "403 not among accepted 200-299")
    member.set_health(True, "200")
    member.set_admin(DRAINING, "for the update")
    member.set_admin(ENABLED, "updated")


def test_what_changes_nothing_is_not_told() -> None:
    life = Life()
    life.member.set_health(True, "still")
    life.member.begin()  # over its limit: that comes and goes with every request
    life.member.end()
    life.member.set_weight(5)
    life.member.set_admin(DISABLED)
    life.member.set_health(False, "down as well")
    assert [change.state for change in life.pool.history] == ["disabled"]


def test_the_history_is_bounded() -> None:
    life = Life()
    for _ in range(REMEMBERED):
        life.member.set_admin(DISABLED)
        life.member.set_admin(ENABLED)
    assert len(life.pool.history) == REMEMBERED
    assert isinstance(life.pool.history[0], StateChange)


def test_idle_connections_go_with_a_server_and_open_ones_stay() -> None:
    life = Life()
    life.member.set_admin(DRAINING)
    assert life.connections.left == []
    life.member.set_admin(DISABLED)
    life.member.set_admin(MAINTENANCE)
    life.member.set_admin(ENABLED)
    life.member.set_health(False, "down")
    assert life.connections.left == [("a", False)] * 3


def test_design_5_3_drop_on_fail_cuts_what_is_open() -> None:
    life = Life(drop_on_fail=True)
    life.member.set_health(False, "down")
    life.member.set_health(True, "up")
    life.member.set_agent(None, AGENT_DOWN)
    life.member.set_admin(DISABLED)
    assert life.connections.left == [("a", True), ("a", True), ("a", False)]


def test_design_5_3_drop_at_drain_end_cuts_what_is_open() -> None:
    life = Life(drop_at_drain_end=True)
    life.member.begin()
    life.member.set_admin(DISABLED)
    life.member.set_admin(DRAINING)
    life.life.tick(1000.0)
    life.life.tick(1299.5)
    assert life.connections.left == [("a", False)]
    life.life.tick(1300.0)
    assert life.connections.left == [("a", False), ("a", True)]
    assert life.pool.history[-1].by == "time"


def test_a_hook_that_raises_breaks_nothing() -> None:
    life = Life()

    def breaks(*words: str) -> None:
        raise RuntimeError("broken")

    after: list[str] = []
    life.life = ServerLife(
        lambda: [life.connections],
        [breaks, lambda *words: after.append(words[1])],
        [breaks, lambda *words: after.append(words[0])],
        lambda: 1e9,
    )
    life.life.watch({"web": life.pool})
    with noted_log() as events:
        life.member.set_admin(DISABLED)
    assert after == ["a", "site"]
    assert [str(event["log_failure"].value) for event in events if "log_failure" in event] == [
        "broken",
        "broken",
    ]


def test_what_clients_of_a_service_meet_is_told_and_remembered() -> None:
    life = Life()
    service = life.connections.service
    life.life.tick(0.0)
    assert (service.state.word, life.told_of_service) == ("up", [])
    with noted_log() as events:
        life.member.set_health(False, "refused")
        life.member.set_health(True, "fine")
    service.enabled = False
    life.life.tick(1.0)
    assert life.told_of_service == [
        ("site", "up", "down", "no server of web works"),
        ("site", "down", "up", "1 of 1 servers work"),
        ("site", "up", "disabled", "by configuration or an operator"),
    ]
    assert [(time, state.word) for time, state in service.history] == [
        (1e9, "down"),
        (1e9, "up"),
        (1e9, "disabled"),
    ]
    assert [formatEvent(event) for event in events] == [
        "site is down: no server of web works",
        "site is up: 1 of 1 servers work",
    ]


def test_outliers_are_checked_at_once_where_they_have_a_check() -> None:
    asked: list[str] = []

    def check_now(member: Member) -> None:
        if asked:
            raise KeyError(member)
        asked.append(member.name)

    members = [Member(RealServer(name)) for name in "ab"]
    outliers = OutlierSettings(errors=1, check=True)
    pool = Pool("web", members, FirstOf(), settings=PoolSettings(outliers=outliers))
    life = ServerLife(lambda: [], [], [], lambda: 1e9, check_now)
    life.watch({"web": pool})
    members[0].failed()
    assert (asked, members[0].state) == (["a"], "up")
    members[0].failed()  # now it has no check
    assert members[0].state == "ejected"


def test_the_budget_of_retries_is_counted_over_ten_seconds() -> None:
    life = Life()
    budget = life.connections.service.retry_budget
    for second in range(31):
        life.life.tick(float(second))
        if second == 5:
            assert budget.take(0, 0.0, 1)
        if second in (15, 25):
            assert budget.take(0, 0.0, 1) is (second == 25)


def test_the_last_change_of_each_is_known_as_long_as_it_is_there() -> None:
    life = Life()
    assert life.life.last == {}
    life.member.set_admin(DRAINING, "for the update")
    assert life.life.last[life.member].reason == "for the update"
    life.member.set_admin(ENABLED, "updated")
    assert life.life.last[life.member] is life.pool.history[-1]
    life.life.watch({"web": life.pool})
    assert life.life.last
    life.life.watch({})
    assert life.life.last == {}


def test_a_change_concerns_only_the_services_that_go_by_its_pool() -> None:
    life = Life()
    life.life.tick(0.0)
    other = Pool("other", [Member(RealServer("x"))], FirstOf())
    life.life.watch({"web": life.pool, "other": other})
    asked: list[str] = []

    class Counted(Connections):
        def leave(self, member: Member, *, drop: bool) -> None:
            asked.append(member.name)

    counted = Counted()
    counted.service.pool = other
    life.life._connections = lambda: [life.connections, counted]
    life.member.set_admin(DISABLED)
    assert life.connections.service.state.word == "down"
    assert counted.service.state.reason == "not looked at yet"
    counted.service.sorry = life.pool
    life.member.set_admin(ENABLED)
    assert counted.service.state.reason == "1 of 1 servers work"
    assert asked == ["a"]
