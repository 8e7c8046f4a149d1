"""The one timer: on its grid, through stalls, whatever raises."""

import pytest
from twisted.internet.task import Clock

from kit.logs import noted_log
from pointsman.app.ticker import Ticker


def test_it_tells_everybody_the_time_at_each_interval() -> None:
    clock = Clock()
    told: list[float] = []
    ticker = Ticker(clock, clock.seconds, 0.5, [told.append, told.append])
    ticker.start()
    assert told == []
    clock.pump([0.5, 0.5])
    assert told == [0.5, 0.5, 1.0, 1.0]


def test_a_stall_is_not_made_up_for_and_the_next_tick_comes_in_time() -> None:
    clock = Clock()
    told: list[float] = []
    ticker = Ticker(clock, clock.seconds, 1.0, [told.append])
    ticker.start()
    clock.advance(10)
    assert told == [10.0]
    clock.advance(1)
    assert told == [10.0, 11.0]
    ticker.stop()


def test_what_raises_is_logged_and_stops_nobody_else() -> None:
    def broken(now: float) -> None:
        raise ZeroDivisionError("broken")

    clock = Clock()
    told: list[float] = []
    ticker = Ticker(clock, clock.seconds, 1.0, [broken, told.append])
    with noted_log() as log:
        ticker.start()
        clock.pump([1, 1])
    assert told == [1.0, 2.0]
    assert [event["log_failure"].type for event in log if "log_failure" in event] == [
        ZeroDivisionError,
        ZeroDivisionError,
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_stopping_leaves_no_timer(times: int) -> None:
    clock = Clock()
    ticker = Ticker(clock, clock.seconds, 1.0, [])
    ticker.start()
    clock.advance(1)
    for _ in range(times):
        ticker.stop()
    assert clock.getDelayedCalls() == []
