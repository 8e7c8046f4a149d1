"""Checks at work: detection times, sharing, spreading, changes, and our own trouble."""

import errno
from collections import Counter

import pytest
from twisted.logger import LogLevel, capturedLogs, formatEvent

from kit.checked_site import TIMING, CheckedSite, second_cycle
from kit.words import WordCheck, WordProbe
from pointsman.contracts import Verdict
from pointsman.core.health import CheckPlan
from pointsman.core.health_report import Report
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.checks import Checks


@pytest.fixture
def site() -> CheckedSite:
    return CheckedSite()


def test_a_member_serves_while_the_first_check_is_on_its_way(site: CheckedSite) -> None:
    member = site.add()
    assert (member.up, member.state) == (True, "checking")
    site.checks.start()
    site.clock.advance(0)
    assert [call.at for call in site.calls] == [0.0]
    site.say("ok")
    assert (member.up, member.state, member.reason) == (True, "up", "ok")
    assert site.changes == []


def test_a_first_bad_answer_takes_it_out_at_once(site: CheckedSite) -> None:
    member = site.add(timing=HealthTiming(fall=3))
    site.checks.start()
    site.clock.advance(0)
    site.say("ill")
    assert member.state == "down"
    assert site.changes == [("web", "a", False, "ill")]


def test_detection_times_are_as_configured(site: CheckedSite) -> None:
    member = site.add()
    site.checks.start()
    site.clock.advance(0)
    site.say("ok")
    second = second_cycle(site)
    assert 0.0 < second <= 9.0
    # A wrong answer and a refusal are seen in the cycle in which they come.
    site.clock.advance(second)
    site.say("ill")
    assert (member.up, site.clock.seconds()) == (False, second)
    site.clock.advance(9.0)
    site.say("ok")
    assert member.up
    site.clock.advance(9.0)
    site.calls[-1].fail()
    assert not member.up
    site.clock.advance(9.0)
    site.say("ok")
    # Silence is asked again at once, twice: down after three timeouts.
    begun = len(site.calls)
    site.clock.advance(9.0)
    for _ in range(3):
        assert member.up
        site.clock.pump([2.0, 0.0])
    assert not member.up
    assert member.reason == "no connection within 2s, 3 times"
    cycle = second + 36.0
    assert [call.at for call in site.calls[begun:]] == [cycle, cycle + 2.0, cycle + 4.0]
    site.clock.advance(cycle + 9.0 - site.clock.seconds())
    assert site.calls[-1].at == cycle + 9.0
    assert [change[2] for change in site.changes] == [False, True, False, True, False]


def test_only_changes_are_told_but_the_reason_is_kept_up_to_date(site: CheckedSite) -> None:
    member = site.add()
    site.answer = "ill"
    site.checks.start()
    site.pass_time(20)
    site.answer = "worse"
    site.pass_time(10)
    assert site.changes == [("web", "a", False, "ill")]
    assert member.reason == "worse"


def test_each_change_is_one_line(site: CheckedSite) -> None:
    with capturedLogs() as events:
        site.add()
        site.answer = "ok"
        site.checks.start()
        site.pass_time(30)
        site.answer = "refuse"
        site.pass_time(30)
    assert [formatEvent(event) for event in events] == [
        "web/a is up: ok",
        "web/a is down: cannot connect to 10.0.0.1:80: Connection refused",
    ]


def test_the_last_failure_is_remembered(site: CheckedSite) -> None:
    member = site.add()
    site.answer = "ok"
    site.checks.start()
    site.pass_time(30)
    site.answer = "refuse"
    site.pass_time(30)
    site.answer = "ok"
    site.pass_time(30)
    state = site.checks.state_of(member)
    assert state is not None
    assert (state.up, state.reason) == (True, "ok")
    assert state.failure is not None
    refused = "cannot connect to 10.0.0.1:80: Connection refused"
    assert (state.failure.reason, state.failure.place) == (refused, "10.0.0.1:80")
    assert site.checks.state_of(Member(RealServer("z"))) is None


class Agent(WordProbe):
    """Says a share in percent, and a state or -."""

    def receive(self, data: bytes) -> Verdict:
        share, admin = data.decode().split()
        return Verdict(True, "agent", share=int(share), admin=admin.strip("-"))


class AgentCheck(WordCheck):
    def probe(self, server: RealServer) -> Agent:
        return Agent()


def test_an_agent_moves_its_members_and_it_is_told_once(site: CheckedSite) -> None:
    member = site.add(check=AgentCheck())
    site.answer = "40 -"
    with capturedLogs() as events:
        site.checks.start()
        site.pass_time(30)
    assert (member.weight, member.state) == (400, "up")
    assert [formatEvent(event) for event in events] == [
        "web/a wants 40% of its weight: agent",
        "web/a is up: agent",
    ]
    for word, state in (("drain", "draining"), ("maint", "maintenance"), ("-", "maintenance")):
        site.answer = f"100 {word}"
        site.pass_time(10)
        assert (member.weight, member.state, member.why) == (1000, state, "agent")
    site.answer = "100 ready"
    site.pass_time(10)
    assert member.state == "up"


def test_whoever_raises_when_told_breaks_nothing(site: CheckedSite) -> None:
    def raises(*change: object) -> None:
        raise RuntimeError("a broken plugin")

    site.checks = Checks(site.clock, site.transports, [raises, site.changed])
    member = site.add()
    site.answer = "ill"
    with capturedLogs() as events:
        site.checks.start()
        site.pass_time(1)
    assert site.changes == [("web", "a", False, "ill")]
    assert not member.up
    assert any("RuntimeError" in str(event.get("log_failure")) for event in events)


def test_equal_checks_of_one_place_are_one_probe_for_all(site: CheckedSite) -> None:
    members = [site.add(name, pool=pool) for name, pool in (("a", "web"), ("b", "api"))]
    site.checks.start()
    site.clock.advance(0)
    assert len(site.calls) == site.checks.probes == 1
    site.say("ill")
    assert [member.up for member in members] == [False, False]
    assert site.changes == [("web", "a", False, "ill"), ("api", "b", False, "ill")]
    late = site.add("c", pool="late")
    assert (late.up, late.state) == (False, "down")
    assert site.changes[2:] == [("late", "c", False, "ill")]


def test_what_differs_is_asked_apart(site: CheckedSite) -> None:
    site.add("a")
    site.add("b", place="10.0.0.1:81")
    site.add("c", check=WordCheck("other"))
    site.add("d", timing=HealthTiming(interval=5.0))
    site.add("e", address=Address.parse("10.0.0.9:99"))
    site.checks.start()
    site.pass_time(1)
    assert site.checks.probes == 5
    assert site.calls[-1].server.place == "10.0.0.9:99"


def test_a_check_without_a_value_shares_with_nobody(site: CheckedSite) -> None:
    class Unhashable(WordCheck):
        __hash__ = None  # type: ignore[assignment]

    site.add("a", check=Unhashable())
    site.add("b", check=Unhashable())
    assert site.checks.probes == 2


def test_a_member_has_one_plan(site: CheckedSite) -> None:
    member = site.add()
    with pytest.raises(ValueError, match="web/a is checked already"):
        site.checks.add(CheckPlan("web", member, WordCheck(), TIMING))


def test_a_check_out_of_turn(site: CheckedSite) -> None:
    member = site.add()
    site.checks.start()
    site.clock.advance(0)
    site.checks.check_now(member)  # it is being asked already
    assert len(site.calls) == 1
    site.say("ok")
    second = second_cycle(site)
    site.checks.check_now(member)
    assert len(site.calls) == 2
    site.say("ill")
    assert not member.up
    assert second_cycle(site) == second
    with pytest.raises(KeyError):
        site.checks.check_now(Member(RealServer("z")))


def test_an_attempt_for_somebody_who_looks_counts_for_nothing(site: CheckedSite) -> None:
    member = site.add()
    reports: list[Report] = []
    site.checks.try_now(member, reports.append)
    site.say("ill")
    (report,) = reports
    assert (report.reason, report.place, report.received) == ("ill", "10.0.0.1:80", b"ill")
    assert (member.up, member.state) == (True, "checking")
    state = site.checks.state_of(member)
    assert state is not None
    assert (state.attempts, state.failure) == (0, None)
    attempt = site.checks.try_now(member, reports.append)
    attempt.cancel()
    assert (len(reports), site.clock.getDelayedCalls()) == (1, [])


def test_stopped_it_leaves_nothing_behind(site: CheckedSite) -> None:
    waiting, connecting, asking = (site.add(str(n), place=f"10.0.0.{n}:80") for n in (1, 2, 3))
    site.checks.start()
    site.pass_time(0.25)
    first, second, third = site.calls
    first.connect().owner.data_received(b"ok")
    stream = third.connect()
    site.checks.stop()
    site.checks.stop()
    assert site.clock.getDelayedCalls() == []
    assert second.cancelled
    assert stream.end == "aborted"
    assert [each.state for each in (waiting, connecting, asking)] == ["up", "checking", "checking"]
    site.checks.check_now(waiting)
    assert len(site.calls) == 3


def test_it_can_be_started_again(site: CheckedSite) -> None:
    site.add()
    site.answer = "ill"
    for _ in range(2):
        site.checks.start()
        site.checks.start()
        site.pass_time(0.25)
        site.checks.stop()
    assert len(site.calls) == 2
    assert site.changes == [("web", "a", False, "ill")]


def test_our_own_trouble_keeps_states_and_is_said_once(site: CheckedSite) -> None:
    up, down = site.add("up"), site.add("down", place="10.0.0.2:80")
    site.checks.start()
    site.pass_time(0.25)
    site.calls[0].connect().owner.data_received(b"ok")
    site.calls[1].connect().owner.data_received(b"ill")
    with capturedLogs() as events:
        for _ in range(100):
            site.pass_time(0.5)
            for call in site.calls:
                call.fail(errno.EMFILE)
    assert len(site.calls) > 10
    assert (up.up, up.reason, down.up, down.reason) == (True, "ok", False, "ill")
    assert [formatEvent(event) for event in events if event["log_level"] is LogLevel.error] == [
        "health states are kept as they are: cannot connect to "
        f"{site.calls[2].server.place}: Too many open files"
    ]


@pytest.mark.parametrize("many", [500, pytest.param(2000, marks=pytest.mark.slow)])
def test_many_probes_are_spread_evenly(site: CheckedSite, many: int) -> None:
    timing = HealthTiming(interval=2.0, timeout=0.5, retries=2)
    for number in range(many):
        site.add(str(number), place=f"10.0.{number // 250}.{number % 250}:80", timing=timing)
    site.answer = "ok"
    site.checks.start()
    site.clock.pump([0.05] * 160)
    per_tick = Counter(round(call.at / 0.05) for call in site.calls)
    share = many / 40  # of each twentieth of a second
    first = [per_tick[tick] for tick in range(40)]  # first checks: a thousand a second
    assert max(first) <= 50 + share + 5
    assert sum(first) >= many
    for begun in (80, 120):
        regular = [per_tick[tick] for tick in range(begun, begun + 40)]
        assert sum(regular) == many
        assert share - 5 <= min(regular) <= max(regular) <= share + 5


@pytest.mark.parametrize("many", [1, 2, 3, 7, 50])
def test_a_few_probes_are_spread_as_well(site: CheckedSite, many: int) -> None:
    timing = HealthTiming(interval=10.0, timeout=1.0, retries=0)
    for number in range(many):
        site.add(str(number), place=f"10.0.0.{number}:80", timing=timing)
    site.answer = "ok"
    site.checks.start()
    site.clock.pump([0.25] * 200)
    late = sorted(call.at % 10.0 for call in site.calls if 30.0 <= call.at < 40.0)
    assert len(late) == many
    gaps = [(b - a) % 10.0 for a, b in zip(late, [*late[1:], late[0] + 10.0], strict=True)]
    assert max(gaps) % 10.0 <= 10.0 / many * 2 + 0.5  # no gap of more than twice its share
