"""Checks at work when the configuration changes: who is checked as before notices nothing."""

from __future__ import annotations

import pytest

from kit.checked_site import TIMING, CheckedSite, second_cycle
from kit.words import WordCheck
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.checks import UNCHECKED


@pytest.fixture
def site() -> CheckedSite:
    return CheckedSite()


def change(site: CheckedSite, *members: Member, **plan: object) -> None:
    """A reload: these members, and how they are checked."""
    keys: dict[str, object] = {"check": WordCheck(), "timing": TIMING, **plan}
    plans = [CheckPlan("web", member, **keys) for member in members]  # type: ignore[arg-type]
    for _ in site.checks.change(plans):
        pass


def test_who_is_checked_as_before_stays_on_its_grid(site: CheckedSite) -> None:
    member = site.add()
    site.checks.start()
    site.clock.advance(0)
    site.say("ill")
    before, state = second_cycle(site), site.checks.state_of(member)
    change(site, member)
    assert second_cycle(site) == before
    assert site.checks.state_of(member) == state
    assert (member.state, len(site.calls)) == ("down", 1)


def test_a_new_member_is_checked_at_once_and_one_that_is_gone_never_again(
    site: CheckedSite,
) -> None:
    gone, new = site.add("gone"), Member(RealServer("new", Address.parse("10.0.0.2:80")))
    site.checks.start()
    site.clock.advance(0)
    assert len(site.calls) == 1
    change(site, new)
    assert site.calls[0].cancelled
    site.clock.advance(0.01)
    assert [call.server.name for call in site.calls] == ["gone", "new"]
    site.say("ok")
    site.pass_time(30.0)
    assert {call.server.name for call in site.calls[2:]} == {"new"}
    assert site.checks.state_of(gone) is None


def test_another_check_decides_anew_and_until_then_nothing_changes(site: CheckedSite) -> None:
    member = site.add()
    site.checks.start()
    site.clock.advance(0)
    site.say("ill")
    change(site, member, timing=HealthTiming(interval=5.0, timeout=2.0))
    assert (member.up, member.checking) == (False, True)
    site.clock.advance(0.01)
    site.say("ok")
    assert member.state == "up"
    assert site.checks.probes == 1


def test_a_member_that_is_not_checked_any_more_counts_as_up(site: CheckedSite) -> None:
    member = site.add()
    site.checks.start()
    site.clock.advance(0)
    site.say("ill")
    change(site)
    assert (member.state, member.why) == ("up", UNCHECKED)
    assert site.clock.getDelayedCalls() == []


def test_of_two_that_share_a_probe_one_may_go(site: CheckedSite) -> None:
    stays, goes = site.add("stays"), site.add("goes")
    site.checks.start()
    site.clock.advance(0)
    site.say("ill")
    change(site, stays)
    assert (stays.up, goes.up, site.checks.probes) == (False, True, 1)
    site.clock.advance(second_cycle(site))
    site.say("ok")
    assert stays.up
    change(site, stays, goes)
    assert (goes.up, goes.checking, site.checks.probes) == (True, False, 1)
