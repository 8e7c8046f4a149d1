"""A member's live state: what it takes, how it counts, when its pool is told."""

from __future__ import annotations

import pytest

from pointsman.core.members import DISABLED, DRAINING, ENABLED, Member
from pointsman.model.server import RealServer


def member(max_connections: int = 0) -> tuple[Member, list[str]]:
    changes: list[str] = []
    made = Member(RealServer("a", max_connections=max_connections))
    made.watched_by(lambda: changes.append("changed"))
    return made, changes


@pytest.mark.parametrize(
    ("up", "admin", "weight", "full", "new", "pinned"),
    [
        (True, ENABLED, 1000, False, True, True),
        (True, ENABLED, 0, False, False, True),
        (True, ENABLED, 1000, True, False, False),
        (True, DRAINING, 1000, False, False, True),
        (True, DRAINING, 1000, True, False, False),
        (True, DISABLED, 1000, False, False, False),
        (False, ENABLED, 1000, False, False, False),
        (False, DRAINING, 1000, False, False, False),
        (False, DISABLED, 0, True, False, False),
    ],
)
def test_design_5_3_down_disabled_and_draining_are_three_things(
    up: bool, admin: str, weight: int, full: bool, new: bool, pinned: bool
) -> None:
    each, _ = member(max_connections=1)
    each.set_health(up, "why")
    each.set_admin(admin)
    each.set_weight(weight)
    if full:
        each.begin()
    assert (each.takes_new, each.takes_pinned, each.is_full) == (new, pinned, full)


def test_work_is_counted() -> None:
    each, changes = member()
    each.begin()
    each.begin()
    each.end()
    assert (each.active, each.total) == (1, 2)
    assert changes == []  # without a limit, work changes nothing


def test_the_pool_is_told_only_when_the_limit_is_reached_or_left() -> None:
    each, changes = member(max_connections=2)
    each.begin()
    assert changes == []
    each.begin()
    assert (len(changes), each.is_full) == (1, True)
    each.end()
    assert (len(changes), each.is_full) == (2, False)
    each.end()
    assert len(changes) == 2


def test_the_pool_is_told_of_changes_and_not_of_what_stays() -> None:
    each, changes = member()
    each.set_health(True, "still fine")
    each.set_admin(ENABLED)
    each.set_weight(1000)
    assert changes == []
    each.set_health(False, "timed out")
    each.set_admin(DRAINING)
    each.set_weight(5)
    assert len(changes) == 3
    assert each.reason == "timed out"


def test_nobody_needs_to_watch() -> None:
    each = Member(RealServer("a", max_connections=1))
    each.begin()
    each.end()
    each.set_health(False, "why")
    assert not each.up


def test_the_state_in_one_word() -> None:
    each, _ = member()
    each.checking = True
    assert each.state == "checking"
    each.set_health(False, "why")
    assert each.state == "down"
    each.set_health(True, "why")
    assert each.state == "up"
    each.set_admin(DRAINING)
    assert each.state == "draining"
    assert repr(each) == "Member('a', draining, active=0)"


@pytest.mark.parametrize("weight", [-1, 65536])
def test_a_weight_out_of_range_is_refused(weight: int) -> None:
    each, _ = member()
    with pytest.raises(ValueError, match="0 to 65535"):
        each.set_weight(weight)
    assert each.weight == 1000


def test_an_unknown_admin_state_is_refused() -> None:
    each, _ = member()
    with pytest.raises(ValueError, match="enabled, draining or disabled, got 'off'"):
        each.set_admin("off")
