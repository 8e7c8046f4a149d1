"""Rulebooks at work: started, changed, told of servers, stopped; one that raises breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from kit.logs import noted_log
from kit.recorders import Stage
from kit.rulebooks import PlannedRules
from pointsman.app.running_rules import RunningRules
from pointsman.contracts.rules import RuleEvents, RuleRoom
from pointsman.core.rules import Rules


class Broken(PlannedRules):
    def start(self, room: RuleRoom) -> None:
        raise KeyError("start")

    def stop(self) -> None:
        raise KeyError("stop")


@pytest.fixture
def flushed() -> Iterator[list[LogEvent]]:
    with noted_log() as events:
        yield events


def at_work(*books: PlannedRules) -> tuple[Stage, RunningRules]:
    stage = Stage()
    pools = {"pool": stage.pool}
    stage.service.rules = Rules(books, pools)
    clock = Clock()
    return stage, RunningRules(stage.service, pools, clock, clock.seconds, lambda: 1e9)


def test_a_rulebook_is_started_with_its_room_and_stopped() -> None:
    book = PlannedRules()
    stage, running = at_work(book)
    running.start()
    running.start()
    room = book.room
    assert room is not None
    assert (room.service, room.clock(), room.wall()) == ("service", 0.0, 1e9)
    server = room.pools["pool"].members[0]
    server.set_weight(7)
    assert stage.members[0].weight == 7
    assert room.pools["pool"].member("a") is server
    running.stop()
    running.stop()
    assert book.stopped == 1


def test_events_may_change_and_new_exchanges_see_it() -> None:
    book = PlannedRules(request=None)
    stage, running = at_work(book)
    running.start()
    before = stage.service.rules
    assert before is not None
    book.events = RuleEvents()
    assert book.room is not None
    book.room.changed()
    assert stage.service.rules is not None
    assert stage.service.rules.request == ()
    assert before.request != ()


def test_all_are_told_of_servers_and_one_that_raises_is_logged(flushed: list[LogEvent]) -> None:
    told: list[tuple[str, ...]] = []

    def oh(*_: str) -> None:
        raise KeyError("oh")

    _, running = at_work(
        PlannedRules(server_state=oh), PlannedRules(server_state=lambda *said: told.append(said))
    )
    running.start()
    running.server_state("pool", "a", "up", "down")
    assert told == [("pool", "a", "up", "down")]
    assert len(flushed) == 1


def test_one_that_cannot_start_or_stop_is_logged(flushed: list[LogEvent]) -> None:
    good = PlannedRules()
    _, running = at_work(Broken(), good)
    running.start()
    running.stop()
    assert good.room is not None
    assert good.stopped == 1
    assert len(flushed) == 2


def test_a_service_without_rules_has_nothing_to_do() -> None:
    stage, running = at_work()
    stage.service.rules = None
    running.start()
    running.changed()
    running.server_state("pool", "a", "up", "down")
    running.stop()


def test_after_a_reload_those_that_stay_are_left_alone() -> None:
    stays, goes, comes = PlannedRules(), PlannedRules(), PlannedRules()
    stage, running = at_work(stays, goes)
    running.start()
    room, stays.room = stays.room, None
    pools = {"pool": stage.pool, "more": stage.pool}
    stage.service.rules = Rules([comes, stays], pools)
    running.become(pools)
    assert (stays.room, stays.stopped, goes.stopped, comes.stopped) == (None, 0, 1, 0)
    assert comes.room is room is running
    assert [*running.pools] == ["pool", "more"]
    stage.service.rules = None
    running.become(pools)
    assert (stays.stopped, comes.stopped) == (1, 1)


def test_what_rules_count_is_put_together(flushed: list[LogEvent]) -> None:
    class Counting(PlannedRules):
        @property
        def counts(self) -> dict[str, float]:
            return {"seen": 2.0}

    class Faulty(PlannedRules):
        @property
        def counts(self) -> dict[str, float]:
            raise KeyError("oh")

    _, running = at_work(Counting(), Faulty(), Counting(), PlannedRules())
    assert running.counts == {}
    running.start()
    assert running.counts == {"seen": 4.0}
    assert len(flushed) == 1
