"""A member's live state: what it takes, how it counts, when its pool is told."""

from __future__ import annotations

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, sampled_from

from pointsman.core.members import Member
from pointsman.core.server_states import (
    AGENT_DOWN,
    AGENT_DRAIN,
    AGENT_MAINTENANCE,
    AGENT_READY,
    DISABLED,
    DRAINING,
    ENABLED,
    MAINTENANCE,
)
from pointsman.model.server import RealServer


def member(max_connections: int = 0) -> tuple[Member, list[str]]:
    changes: list[str] = []
    made = Member(RealServer("a", max_connections=max_connections))
    made.watched_by(lambda: changes.append("changed"))
    return made, changes


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


@pytest.mark.parametrize("weight", [-1, 65536])
def test_a_weight_out_of_range_is_refused(weight: int) -> None:
    each, _ = member()
    with pytest.raises(ValueError, match="0 to 65535"):
        each.set_weight(weight)
    assert each.weight == 1000


def test_an_unknown_admin_state_is_refused() -> None:
    each, _ = member()
    with pytest.raises(ValueError, match="enabled, draining, disabled or maintenance, got 'off'"):
        each.set_admin("off")


# ---- who has a say: operator, agent, health and traffic, each for itself ----


@pytest.mark.parametrize(
    ("agent", "new", "pinned", "state"),
    [
        (AGENT_READY, True, True, "up"),
        (AGENT_DRAIN, False, True, "draining"),
        (AGENT_MAINTENANCE, False, False, "maintenance"),
        (AGENT_DOWN, False, False, "down"),
    ],
)
def test_what_an_agent_wants(agent: str, new: bool, pinned: bool, state: str) -> None:
    each, _ = member()
    each.set_agent(None, agent, "it says so")
    assert (each.takes_new, each.takes_pinned, each.state) == (new, pinned, state)
    each.set_agent(None, AGENT_READY)
    assert (each.takes_new, each.takes_pinned, each.state) == (True, True, "up")


def test_an_agent_asks_for_a_share_of_the_weight() -> None:
    each, changes = member()
    each.set_agent(75)
    assert (each.weight, each.base_weight, each.takes_new) == (750, 1000, True)
    each.set_agent(0)
    assert (each.weight, each.takes_new, each.takes_pinned) == (0, False, True)
    each.set_weight(10)
    each.set_agent(1)
    assert each.weight == 1  # not nothing
    each.set_agent(25600)
    assert each.weight == 2560
    each.set_weight(65535)
    assert each.weight == 65535
    before = len(changes)
    each.set_agent(25600)
    each.set_agent()
    assert len(changes) == before


@pytest.mark.parametrize(("share", "word"), [(-1, ""), (None, "up"), (100, "off")])
def test_an_agent_that_says_nonsense_is_refused(share: int | None, word: str) -> None:
    each, _ = member()
    with pytest.raises(ValueError, match=r"ready, drain, maint, down|0 or more percent"):
        each.set_agent(share, word)
    assert (each.share, each.agent) == (100, AGENT_READY)


def test_a_slow_start_lowers_the_weight() -> None:
    each, changes = member()
    each.set_ramp(0.1)
    assert (each.weight, each.state) == (100, "slow-start")
    assert each.why == "starts slowly, at 10% of its weight; it is not checked"
    each.set_agent(50)
    assert each.weight == 50
    each.set_ramp(1.0)
    assert (each.weight, each.state) == (500, "up")
    assert len(changes) == 3


def test_an_ejected_server_takes_nobody() -> None:
    each, _ = member()
    each.set_ejected(True, "5 errors in a row")
    assert (each.takes_new, each.takes_pinned, each.state) == (False, False, "ejected")
    assert each.why == "5 errors in a row"
    each.set_ejected(False, "its time is over")
    assert (each.takes_new, each.state) == (True, "up")


def test_a_changed_configuration_keeps_what_an_operator_set() -> None:
    each, changes = member()
    each.set_weight(5)
    each.become(RealServer("a", max_connections=2))
    assert (each.weight, each.is_full) == (5, False)
    each.begin()
    each.begin()
    assert each.is_full
    each.become(RealServer("a", weight=7, max_connections=2))
    assert each.weight == 7
    before = len(changes)
    each.become(RealServer("a", weight=7, max_connections=2))
    assert len(changes) == before


class MemberStates(RuleBasedStateMachine):
    """Whatever is said in whatever order: nobody undoes what another one said."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.member = Member(RealServer("a", max_connections=2))
        self.member.watched_by(
            lambda: None, lambda each, before, by, reason: self.told.append(each.state)
        )
        self.state = "up"
        self.up, self.admin, self.agent, self.ejected = True, ENABLED, AGENT_READY, False

    @rule(up=booleans())
    def health(self, up: bool) -> None:
        self.member.set_health(up, "why")
        self.up = up

    @rule(state=sampled_from([ENABLED, DRAINING, DISABLED, MAINTENANCE]))
    def operator(self, state: str) -> None:
        self.member.set_admin(state)
        self.admin = state

    @rule(word=sampled_from([AGENT_READY, AGENT_DRAIN, AGENT_MAINTENANCE, AGENT_DOWN]))
    def its_agent(self, word: str) -> None:
        self.member.set_agent(None, word)
        self.agent = word

    @rule(ejected=booleans())
    def traffic(self, ejected: bool) -> None:
        self.member.set_ejected(ejected, "why")
        self.ejected = ejected

    @rule()
    def work(self) -> None:
        if not self.member.is_full:
            self.member.begin()

    @rule()
    def rest(self) -> None:
        if self.member.active:
            self.member.end()

    @invariant()
    def each_keeps_its_say(self) -> None:
        each = self.member
        assert (each.up, each.admin, each.agent, each.ejected) == (
            self.up,
            self.admin,
            self.agent,
            self.ejected,
        )
        fit = self.up and not self.ejected
        assert each.takes_new == (
            fit and self.admin == ENABLED and self.agent == AGENT_READY and not each.is_full
        )
        assert each.takes_pinned <= each.keeps_pins
        assert each.takes_new <= each.takes_pinned


TestMemberStates = MemberStates.TestCase
