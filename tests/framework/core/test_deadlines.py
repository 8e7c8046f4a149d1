"""The wheel of deadlines: never early, never forgotten."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.core.deadlines import Deadlines


class Alarm:
    def __init__(self, wheel: Deadlines) -> None:
        self.deadline = 0
        self.slot = 0
        self.wheel = wheel
        self.rang: list[int] = []

    def timed_out(self) -> None:
        assert self.deadline == 0
        self.rang.append(self.wheel.now)


@given(
    start=st.floats(0, 1000),
    seconds=st.floats(0.001, 50),
    ticks=st.lists(st.floats(0.01, 3), max_size=60),
)
@example(start=0.99, seconds=1.9, ticks=[1.1])
def test_never_early_and_at_most_a_tick_and_a_second_late(
    start: float, seconds: float, ticks: list[float]
) -> None:
    wheel = Deadlines(start)
    alarm = Alarm(wheel)
    wheel.arm(alarm, seconds)
    now = start
    for step in [*ticks, 1, 60]:
        before, now = now, now + step
        wheel.tick(now)
        if alarm.rang:
            assert now - start >= seconds
            assert before - start < seconds + 2
            break
    assert len(alarm.rang) == 1


def test_zero_seconds_is_never() -> None:
    wheel = Deadlines(0)
    alarm = Alarm(wheel)
    wheel.arm(alarm, 5)
    wheel.arm(alarm, 0)
    wheel.tick(100)
    assert alarm.rang == []


def test_a_deadline_moved_later_costs_no_second_place_and_rings_once() -> None:
    wheel = Deadlines(0)
    alarm = Alarm(wheel)
    for second in range(10):
        wheel.arm(alarm, 3)
        wheel.tick(second)
    assert alarm.rang == []
    for second in range(10, 30):
        wheel.tick(second)
    assert len(alarm.rang) == 1


def test_a_deadline_moved_earlier_rings_earlier() -> None:
    wheel = Deadlines(0)
    alarm = Alarm(wheel)
    wheel.arm(alarm, 100)
    wheel.arm(alarm, 2)
    for second in range(200):
        wheel.tick(second)
    assert alarm.rang == [3]


def test_a_disarmed_one_is_silent_even_when_disarmed_by_a_neighbour() -> None:
    wheel = Deadlines(0)

    class Silencer(Alarm):
        def timed_out(self) -> None:
            super().timed_out()
            for alarm in alarms:
                wheel.disarm(alarm)

    alarms = [Silencer(wheel) for _ in range(5)]
    for alarm in alarms:
        wheel.arm(alarm, 1)
    for second in range(5):
        wheel.tick(second)
    assert sum(len(alarm.rang) for alarm in alarms) == 1
    wheel.arm(alarms[0], 1)  # and can be used again
    wheel.tick(10)
    assert sum(len(alarm.rang) for alarm in alarms) == 2


@pytest.mark.parametrize("leap", [10, 3599, 3600, 100_000])
def test_a_clock_that_leaps_forgets_nobody(leap: int) -> None:
    wheel = Deadlines(0)
    moved, plain, later = Alarm(wheel), Alarm(wheel), Alarm(wheel)
    wheel.arm(moved, 1)
    wheel.arm(moved, 5)  # looked at in second 2, and placed again within the leap
    wheel.arm(plain, 4)
    wheel.arm(later, leap + 10)
    wheel.tick(leap)
    assert (len(moved.rang), len(plain.rang), len(later.rang)) == (1, 1, 0)
    wheel.tick(2 * leap + 20)
    assert len(later.rang) == 1


class Broken(Alarm):
    def timed_out(self) -> None:
        super().timed_out()
        raise RuntimeError("out of order")


def test_one_that_fails_costs_the_others_nothing() -> None:
    told: list[tuple[object, Exception]] = []
    wheel = Deadlines(0, lambda timed, error: told.append((timed, error)))
    alarms = [Broken(wheel), Alarm(wheel), Broken(wheel), Alarm(wheel)]
    for alarm in alarms:
        wheel.arm(alarm, 3)
    wheel.tick(10)
    assert [len(alarm.rang) for alarm in alarms] == [1, 1, 1, 1]
    assert {id(timed) for timed, _ in told} == {id(alarms[0]), id(alarms[2])}


def test_a_failure_that_nobody_wants_to_know_of_is_not_lost() -> None:
    wheel = Deadlines(0)
    wheel.arm(Broken(wheel), 1)
    with pytest.raises(RuntimeError, match="out of order"):
        wheel.tick(10)
