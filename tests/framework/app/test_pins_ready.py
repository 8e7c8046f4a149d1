"""Tests of waiting for pins before the first client is let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import formatEvent

from kit.logs import noted_log
from pointsman.app.pins_ready import PATIENCE, PinsReady


class Slow:
    """A table that is ready when a test says so."""

    def __init__(self) -> None:
        self.call: Callable[[], None] = lambda: None

    def when_ready(self, call: Callable[[], None]) -> None:
        self.call = call


class Quick:
    def when_ready(self, call: Callable[[], None]) -> None:
        call()


def waiting(*tables: Any) -> tuple[PinsReady, Clock, list[str]]:
    clock, told = Clock(), list[str]()
    ready = PinsReady(tables, clock, lambda: told.append("go"))
    ready.start()
    return ready, clock, told


def test_who_has_nobody_to_wait_for_goes_at_once() -> None:
    for tables in ((), (Quick(), Quick())):
        _, clock, told = waiting(*tables)
        assert told == ["go"]
        assert clock.getDelayedCalls() == []


def test_it_goes_when_the_last_is_ready_and_only_once() -> None:
    slow, slower = Slow(), Slow()
    _, clock, told = waiting(slow, Quick(), slower)
    slow.call()
    assert told == []
    slower.call()
    slower.call()
    assert told == ["go"]
    assert clock.getDelayedCalls() == []


def test_patience_has_an_end_which_is_told() -> None:
    slow = Slow()
    with noted_log() as events:
        _, clock, told = waiting(slow, Quick())
        clock.advance(PATIENCE)
    assert told == ["go"]
    assert [formatEvent(event) for event in events] == [
        "the pins of 1 pools are not loaded after 3 s; going on without"
    ]
    slow.call()
    assert told == ["go"]


def test_whoever_stops_meanwhile_is_not_called() -> None:
    slow = Slow()
    ready, clock, told = waiting(slow)
    ready.stop()
    ready.stop()
    slow.call()
    clock.advance(PATIENCE)
    assert told == []
    assert clock.getDelayedCalls() == []
