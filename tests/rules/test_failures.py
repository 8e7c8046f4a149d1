"""What is kept of failing rules."""

from twisted.internet.task import Clock
from twisted.logger import formatEvent

from kit.logs import noted_log
from pointsman_rules.failures import AGAIN, KINDS, MOST, Failures


def test_the_same_failure_is_told_once_a_minute_with_its_number() -> None:
    clock = Clock()
    failures = Failures("svc", clock.seconds)
    with noted_log() as events:
        for _ in range(5):
            failures.note("a.lua", "request", "a.lua:1: no", "trace", "id-1")
        clock.advance(AGAIN)
        failures.note("a.lua", "request", "a.lua:1: no", "trace", "id-2")
        failures.note("a.lua", "request", "other", "trace", "")
    told = [formatEvent(event) for event in events]
    assert told == [
        "svc: rule a.lua:1: no, on.request, request id-1\ntrace",
        "svc: rule a.lua:1: no, on.request, request id-2 (4 more of it before)\ntrace",
        "svc: rule a.lua: other, on.request, request none\ntrace",
    ]
    assert failures.count == 7
    assert failures.latest == "a.lua: other (on.request)"


def test_too_many_within_a_short_time_are_too_many() -> None:
    clock = Clock()
    failures = Failures("svc", clock.seconds)
    with noted_log():
        assert [failures.note("a", "e", "t", "", "") for _ in range(MOST)].count(True) == 1
        for _ in range(2 * MOST):
            clock.advance(1.0)
            assert not failures.note("a", "e", "t", "", "")


def test_what_is_remembered_of_different_failures_is_bounded() -> None:
    failures = Failures("svc", Clock().seconds)
    with noted_log() as events:
        for at in range(KINDS + 1):
            failures.note("a", "e", str(at), "", "")
        failures.note("a", "e", "0", "", "")
    assert len(events) == KINDS + 2
