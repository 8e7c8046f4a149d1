"""Priorities, minimum numbers and panic: who may get new work at all."""

from __future__ import annotations

import pytest

from kit.arrivals import visit
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED
from pointsman.core.tiers import active, panics, why_shut
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer


def members(*priorities: int) -> list[Member]:
    return [
        Member(RealServer(name, priority=priority))
        for name, priority in zip("abcdefgh", priorities, strict=False)
    ]


def names(some: tuple[Member, ...]) -> str:
    return "".join(member.name for member in some)


def down(some: list[Member], which: str) -> None:
    for member in some:
        member.set_health(member.name not in which, "down")


@pytest.mark.parametrize(
    ("minimum", "broken", "used"),
    [
        (1, "", "ab"),
        (1, "a", "ab"),
        (1, "ab", "abc"),
        (1, "abc", "abcd"),
        (1, "abcd", "abcd"),
        (2, "", "ab"),
        (2, "a", "abc"),
        (2, "ac", "abcd"),
        (4, "", "abcd"),
    ],
)
def test_the_next_priority_joins_in_while_too_few_work(
    minimum: int, broken: str, used: str
) -> None:
    some = members(1, 1, 2, 5)
    down(some, broken)
    assert names(active(some, minimum)) == used


def test_one_priority_is_all_of_them() -> None:
    some = members(3, 3)
    down(some, "ab")
    assert active(some, 2) == tuple(some)


def test_a_backup_works_until_the_others_are_back() -> None:
    some = members(1, 1, 2)
    pool = Pool("web", some, FirstOf())
    assert names(pool.available) == "ab"
    some[0].set_health(False, "down")
    assert names(pool.available) == "b"
    some[1].set_admin(DISABLED)
    assert names(pool.available) == "c"
    some[1].set_admin(ENABLED)
    assert names(pool.available) == "b"


def test_who_is_over_its_limit_works_and_needs_no_backup() -> None:
    some = [
        Member(RealServer("a", max_connections=1)),
        Member(RealServer("b", priority=2)),
    ]
    pool = Pool("web", some, FirstOf())
    some[0].begin()
    assert (pool.available, pool.hopes) == ((), True)


def test_a_client_that_is_pinned_to_a_backup_stays_there() -> None:
    some = members(1, 2)
    pool = Pool("web", some, FirstOf(), Pins(us="b"))
    assert pool.choose(visit("us"), 0.0) is some[1]
    assert pool.choose(visit("them"), 0.0) is some[0]


@pytest.mark.parametrize(
    ("minimum", "broken", "reason"),
    [
        (1, "", ""),
        (1, "ab", ""),
        (2, "b", ""),
        (2, "ab", "1 of 3 servers work, 2 are needed"),
        (2, "abc", ""),  # nobody works: there is nothing to be shut
    ],
)
def test_a_pool_is_shut_below_its_minimum(minimum: int, broken: str, reason: str) -> None:
    some = members(1, 1, 1)
    down(some, broken)
    assert why_shut(some, minimum) == reason


def test_a_critical_server_takes_its_pool_with_it() -> None:
    some = [Member(RealServer("a")), Member(RealServer("b", critical=True))]
    pool = Pool("web", some, FirstOf(), Pins(us="a"))
    assert pool.shut == ""
    some[1].set_health(False, "refused")
    assert pool.shut == "b is critical and down: refused"
    assert (pool.available, pool.hopes) == ((), False)
    assert pool.choose(visit("us"), 0.0) is None  # pinned clients neither
    some[1].set_health(True, "fine")
    assert pool.choose(visit("us"), 0.0) is some[0]
    some[1].set_admin(DRAINING)
    assert pool.shut.startswith("b is critical and draining")


def test_below_its_minimum_a_pool_takes_nobody() -> None:
    some = members(1, 1)
    pool = Pool("web", some, FirstOf(), settings=PoolSettings(minimum=2))
    some[0].set_health(False, "down")
    assert (pool.available, pool.shut) == ((), "1 of 2 servers work, 2 are needed")
    pool.change(some, (), PoolSettings())
    assert (names(pool.available), pool.shut) == ("b", "")


@pytest.mark.parametrize(
    ("below", "broken", "disabled", "expected"),
    [
        (0.0, "abcd", "", False),
        (0.5, "ab", "", False),
        (0.5, "abc", "", True),
        (0.5, "abc", "bc", False),
        (0.5, "", "abcd", False),
    ],
)
def test_panic_looks_at_the_share_of_those_that_are_wanted(
    below: float, broken: str, disabled: str, expected: bool
) -> None:
    some = members(1, 1, 1, 1)
    down(some, broken)
    for member in some:
        if member.name in disabled:
            member.set_admin(DISABLED)
    assert panics(some, below) is expected


def test_in_panic_health_is_ignored_and_operators_are_not() -> None:
    some = members(1, 1, 1, 1)
    pool = Pool("web", some, FirstOf(), settings=PoolSettings(panic_below=0.5))
    some[3].set_admin(DISABLED)
    down(some, "abc")
    assert pool.panics
    assert names(pool.available) == "abc"
    some[0].set_health(True, "up")
    some[1].set_health(True, "up")
    assert not pool.panics
    assert names(pool.available) == "ab"


def test_without_panic_nobody_is_picked_when_all_are_down() -> None:
    some = members(1, 2)
    pool = Pool("web", some, FirstOf())
    down(some, "ab")
    assert (pool.available, pool.hopes) == ((), False)
    assert pool.choose(visit("us"), 0.0) is None
