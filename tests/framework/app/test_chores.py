"""Chores: begun when due, never twice at a time, told once, dropped when out of service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import formatEvent
from twisted.python.failure import Failure

from kit.logs import noted_log
from pointsman.app.chores import Chores
from pointsman.contracts import Chore, Outcome


@contextmanager
def lines_of() -> Iterator[list[str]]:
    """What chores tell the log while a block runs, once it is over."""
    lines: list[str] = []
    with noted_log() as events:
        yield lines
    lines += [text for event in events if (text := formatEvent(event))]


class Sweeping:
    """A chore that is always due; what it does is said by the test."""

    def __init__(self) -> None:
        self.put_to_use = 0

    def due(self, now: float) -> bool:
        return now >= 1.0

    def work(self) -> Outcome | None:
        raise AssertionError("it is done in a thread, which the test plays")

    def outcome(self) -> str:
        self.put_to_use += 1
        return f"swept {self.put_to_use} times"


class Stage:
    def __init__(self) -> None:
        self.chore = Sweeping()
        self.current: list[Chore] = [self.chore]
        self.threads: list[Deferred[Outcome | None]] = []
        self.chores = Chores(self.in_thread, lambda: self.current)

    def in_thread(self, work: Callable[[], Outcome | None]) -> Deferred[Outcome | None]:
        assert work == self.chore.work
        self.threads.append(Deferred())
        return self.threads[-1]

    def fail(self, error: Exception) -> None:
        self.threads.pop().errback(Failure(error))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_what_is_due_is_begun_once_at_a_time(stage: Stage) -> None:
    stage.chores.tick(0.0)
    assert not stage.threads
    stage.chores.tick(1.0)
    stage.chores.tick(2.0)
    assert len(stage.threads) == 1
    with lines_of() as lines:
        stage.threads.pop().callback(stage.chore.outcome)
    assert lines == ["swept 1 times"]
    stage.chores.tick(3.0)
    stage.threads.pop().callback(None)
    assert stage.chore.put_to_use == 1


def test_a_failure_is_told_once_until_it_changes_or_ends(stage: Stage) -> None:
    def tick(error: Exception | None) -> list[str]:
        stage.chores.tick(1.0)
        with lines_of() as lines:
            if error is None:
                stage.threads.pop().callback(None)
            else:
                stage.fail(error)
        return lines

    assert tick(ValueError("no broom")) == ["no broom"]
    assert tick(ValueError("no broom")) == []
    assert tick(OSError("no water")) == ["no water"]
    assert tick(None) == []
    assert tick(OSError("no water")) == ["no water"]


def test_an_outcome_may_fail_as_well(stage: Stage) -> None:
    def outcome() -> str:
        raise ValueError("nowhere to put it")

    stage.chores.tick(1.0)
    with lines_of() as lines:
        stage.threads.pop().callback(outcome)
    assert lines == ["nowhere to put it"]


def test_a_fault_of_a_plugin_is_logged_and_the_chore_goes_on(stage: Stage) -> None:
    stage.chores.tick(1.0)
    with lines_of() as lines:
        stage.fail(KeyError("oh"))
    assert len(lines) == 1
    assert "a chore of a plugin failed" in lines[0]
    stage.chores.tick(2.0)
    assert len(stage.threads) == 1


def test_what_is_out_of_service_is_not_begun_and_what_comes_of_it_is_dropped(stage: Stage) -> None:
    def begun() -> None:
        stage.current = [stage.chore]
        stage.chores.tick(1.0)
        stage.current = []

    with lines_of() as lines:
        begun()
        stage.threads.pop().callback(stage.chore.outcome)
        begun()
        stage.fail(ValueError("no broom"))
        stage.chores.tick(2.0)
    assert lines == []
    assert not stage.threads
    assert stage.chore.put_to_use == 0
