"""Timers of rules."""

from typing import Any

from twisted.internet.task import Clock

from kit.lua_rules import asked, exchange, lab_room, lua_book
from pointsman_rules.limits import Limits
from pointsman_rules.timers import Timers


def test_they_begin_with_the_service_and_end_with_it() -> None:
    book = lua_book(
        """
        every("2s", function() metrics.counter("every"):add() end)
        after(3, function() metrics.counter("after"):add() after(1, function()
          metrics.counter("inner"):add() end) end)"""
    )
    room = lab_room("a")
    book.start(room)
    for _ in range(10):
        room.reactor.advance(1)
    assert book.place.metrics.values == {"every": 5.0, "after": 1.0, "inner": 1.0}
    book.stop()
    assert len(book.timers) == 0
    room.reactor.advance(10)
    assert book.place.metrics.values["every"] == 5.0


def test_they_may_wait_and_their_failures_are_told() -> None:
    book = lua_book(
        "after(1, function() sleep(1) metrics.counter('done'):add() error('then this') end)"
    )
    room = lab_room("a")
    book.start(room)
    room.reactor.advance(1)
    room.reactor.advance(1)
    assert book.place.metrics.values == {"done": 1.0}
    assert book.failures.latest == "a.lua:1: then this (on.timer)"
    assert book.generation.runtime.live == 0
    book.stop()


def test_there_are_not_too_many() -> None:
    book = lua_book(
        "on.request(function() for i = 1, 100000 do after('1h', function() end) end end)",
        limits=Limits(timers=10),
    )
    book.start(lab_room("a"))
    asked(book, "request", exchange())
    assert len(book.timers) == 10
    assert "limits.timers" in book.failures.latest
    book.stop()


class Owner:
    """Who has timers."""


def test_those_of_one_owner_are_dropped_alone() -> None:
    ran: list[tuple[Any, int]] = []
    timers = Timers(10, lambda owner, number: ran.append((owner, number)))
    clock = Clock()
    one, other = Owner(), Owner()
    timers.add(one, 1.0, True)
    timers.add(other, 1.0, False)
    timers.start(clock)
    timers.drop(one)
    clock.advance(1)
    assert ran == [(other, 2)]
    assert len(timers) == 0
    assert timers.add(one, 0.0, True)[0] is None  # type: ignore[index]


def test_those_of_an_owner_that_is_gone_do_nothing() -> None:
    ran: list[tuple[Any, int]] = []
    timers = Timers(10, lambda owner, number: ran.append((owner, number)))
    clock = Clock()
    timers.start(clock)
    owner = Owner()
    timers.add(owner, 1.0, False)
    del owner
    clock.advance(1)
    assert ran == []
    assert len(timers) == 0
