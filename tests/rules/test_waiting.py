"""What rules wait for."""

from typing import Any

from twisted.internet.task import Clock

from kit.lua_rules import asked, decided, exchange, lab_room, lua_book
from pointsman.model.decision import Respond
from pointsman_rules.pool_functions import PoolFunctions
from pointsman_rules.waiting import Waits


def waits() -> tuple[Waits, Clock, list[Any]]:
    made = Waits(PoolFunctions())
    made.reactor = clock = Clock()
    return made, clock, []


def test_time_passes_or_is_given_up() -> None:
    made, clock, told = waits()
    made.begin("sleep", (2,), lambda *said: told.append(said))
    cancel = made.begin("sleep", (1,), lambda *said: told.append(said))
    cancel()
    clock.advance(2)
    cancel()
    assert told == [(True,)]


def test_what_is_not_known_is_told_later() -> None:
    made, clock, told = waits()
    made.begin("nothing", (), lambda *said: told.append(said))
    assert told == []
    clock.advance(0)
    assert told == [(False, "nothing is known of 'nothing'")]


def test_pools_that_cannot_be_asked_are_told() -> None:
    book = lua_book(
        """on.request(function(req)
          local ok, why = pcall(http.get, req.path:sub(2), "/")
          return respond(200, why)
        end)"""
    )
    room = lab_room()
    book.start(room)
    for name, told in (("none", b"there is no pool 'none'"), ("web", b"no server of web is up")):
        said = asked(book, "request", exchange(f"/{name}"))
        room.reactor.advance(0)
        answer = decided(said)
        assert isinstance(answer, Respond)
        assert told in answer.body
    book.stop()
