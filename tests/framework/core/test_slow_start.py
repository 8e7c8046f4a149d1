"""Slow start on a clock that the test moves: the curve, who starts slowly, any scheduler."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from kit.arrivals import visit
from kit.recorders import FirstOf
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED
from pointsman.core.slow_start import LEAST, part
from pointsman.model.pool_settings import LINEAR, QUADRATIC, PoolSettings
from pointsman.model.server import RealServer
from pointsman_scheduling.least_connections import LeastConnections
from pointsman_scheduling.round_robin import RoundRobin
from pointsman_scheduling.weighted_least_connections import WeightedLeastConnections
from pointsman_scheduling.weighted_round_robin import WeightedRoundRobin


@pytest.mark.parametrize(
    ("curve", "expected"),
    [(LINEAR, [LEAST, 0.25, 0.5, 0.75, 1.0]), (QUADRATIC, [LEAST, 0.0625, 0.25, 0.5625, 1.0])],
)
def test_the_curve(curve: str, expected: list[float]) -> None:
    assert [part(10.0 * step, 40.0, curve) for step in range(5)] == expected
    assert part(-1.0, 40.0, curve) == LEAST
    assert part(99.0, 40.0, curve) == 1.0


def pool(
    scheduler: Any = None, *, slow_start: float = 40.0, curve: str = LINEAR, servers: int = 2
) -> Pool:
    members = [Member(RealServer(name)) for name in "abcd"[:servers]]
    settings = PoolSettings(slow_start=slow_start, slow_start_curve=curve)
    return Pool("web", members, scheduler or FirstOf(), settings=settings)


def test_the_weight_rises_with_time() -> None:
    web = pool()
    a = web.members[0]
    a.set_health(False, "down")
    a.set_health(True, "up")
    assert (a.state, a.weight) == ("slow-start", 10)
    web.tick(100.0)
    weights = []
    for seconds in (10.0, 20.0, 30.0, 39.5, 40.0):
        web.tick(100.0 + seconds)
        weights.append(a.weight)
    assert weights == [250, 500, 750, 988, 1000]
    assert a.state == "up"


def test_not_at_the_start_of_the_process() -> None:
    web = pool()
    for member in web.members:
        member.checking = True
        member.set_health(True, "the first verdict")
        assert member.state == "up"


def test_who_was_down_at_the_first_verdict_starts_slowly_later() -> None:
    web = pool()
    a = web.members[0]
    a.checking = True
    a.set_health(False, "refused")
    a.set_health(True, "up")
    assert a.state == "slow-start"


@pytest.mark.parametrize(("away", "state"), [(DISABLED, "slow-start"), (DRAINING, "up")])
def test_who_is_enabled_again_starts_slowly_unless_it_went_on_working(
    away: str, state: str
) -> None:
    web = pool()
    a = web.members[0]
    a.set_admin(away)
    a.set_admin(ENABLED)
    assert a.state == state


def test_who_goes_down_again_begins_again() -> None:
    web = pool()
    a = web.members[0]
    a.set_health(False, "down")
    a.set_health(True, "up")
    web.tick(0.0)
    web.tick(30.0)
    assert a.ramp == 0.75
    a.set_health(False, "down")
    a.set_health(True, "up")
    web.tick(31.0)
    assert a.ramp == LEAST
    web.tick(41.0)
    assert a.ramp == 0.25


def test_both_changes_are_told_once() -> None:
    web = pool()
    told: list[tuple[str, str]] = []
    web.tells(lambda member, before, by, reason: told.append((before, member.state)))
    web.members[0].set_health(False, "down")
    web.members[0].set_health(True, "up")
    web.tick(0.0)
    web.tick(40.0)
    assert told == [("up", "down"), ("down", "slow-start"), ("slow-start", "up")]


def test_a_server_that_a_reload_adds_starts_slowly() -> None:
    web = pool()
    new = Member(RealServer("n"))
    web.change((*web.members, new), ())
    assert [member.state for member in web.members] == ["up", "up", "slow-start"]


def test_without_it_nobody_starts_slowly_and_taking_it_away_ends_it() -> None:
    web = pool(slow_start=0.0)
    a = web.members[0]
    a.set_health(False, "down")
    a.set_health(True, "up")
    assert (a.state, a.weight) == ("up", 1000)
    web.change(web.members, (), PoolSettings(slow_start=40.0))
    a.set_health(False, "down")
    a.set_health(True, "up")
    web.change(web.members, (), PoolSettings())
    web.tick(0.0)
    assert a.state == "up"


@pytest.mark.parametrize(
    "scheduler",
    [RoundRobin(), WeightedRoundRobin(), LeastConnections(), WeightedLeastConnections()],
)
def test_with_any_scheduler_its_share_rises(scheduler: Any) -> None:
    """Each request stays for a while, as under a constant load of 40 at the same time."""
    web = pool(scheduler, servers=4)
    a = web.members[0]
    a.set_health(False, "down")
    under_way: list[Member] = []
    shares = []

    def serve(count: int) -> Counter[str]:
        served: Counter[str] = Counter()
        for _ in range(count):
            if len(under_way) == 40:
                under_way.pop(0).end()
            member = web.choose(visit(), 0.0)
            assert member is not None
            member.begin()
            under_way.append(member)
            served[member.name] += 1
        return served

    serve(100)
    a.set_health(True, "up")
    web.tick(0.0)
    for seconds in (4.0, 10.0, 20.0, 30.0, 40.0):
        web.tick(seconds)
        serve(100)
        shares.append(serve(1000)["a"] / 1000)
    assert shares == sorted(shares)
    assert shares[0] <= 0.11
    assert 0.2 <= shares[-1] <= 0.3


def test_if_there_is_nobody_else_it_gets_all() -> None:
    web = pool(RoundRobin())
    a, b = web.members
    a.set_health(False, "down")
    a.set_health(True, "up")
    b.set_health(False, "down")
    assert {web.choose(visit(), 0.0) for _ in range(20)} == {a}
    b.set_health(True, "up")
    assert {web.choose(visit(), 0.0, (b,)) for _ in range(20)} == {a}
