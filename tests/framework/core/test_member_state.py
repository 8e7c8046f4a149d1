"""What a member takes, its state in one word, and the reason for it."""

from __future__ import annotations

import pytest

from pointsman.core.members import Member
from pointsman.core.server_states import (
    AGENT_DRAIN,
    DISABLED,
    DRAINING,
    ENABLED,
    MAINTENANCE,
)
from pointsman.model.server import RealServer


def member(max_connections: int = 0) -> Member:
    return Member(RealServer("a", max_connections=max_connections))


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
        (True, MAINTENANCE, 1000, False, False, False),
    ],
)
def test_design_5_3_down_disabled_and_draining_are_three_things(
    up: bool, admin: str, weight: int, full: bool, new: bool, pinned: bool
) -> None:
    each = member(max_connections=1)
    each.set_health(up, "why")
    each.set_admin(admin)
    each.set_weight(weight)
    if full:
        each.begin()
    assert (each.takes_new, each.takes_pinned, each.is_full) == (new, pinned, full)


def test_the_state_in_one_word() -> None:
    each = member()
    each.checking = True
    assert each.state == "checking"
    each.set_health(False, "why")
    assert each.state == "down"
    each.set_health(True, "why")
    assert each.state == "up"
    each.set_admin(DRAINING)
    assert each.state == "draining"
    assert repr(each) == "Member('a', draining, active=0)"


def test_a_full_server_keeps_its_pins() -> None:
    each = member(max_connections=1)
    each.begin()
    assert (each.state, each.why) == ("over-limit", "1 under way of at most 1")
    assert (each.takes_pinned, each.keeps_pins, each.works) == (False, True, True)


def test_the_reason_is_that_of_the_state() -> None:
    each = member()
    each.set_health(False, "refused")
    assert each.why == "refused"
    each.set_agent(None, AGENT_DRAIN, "its agent drains")
    assert each.why == "its agent drains"
    each.set_admin(DISABLED, "for the update")
    assert each.why == "for the update"
