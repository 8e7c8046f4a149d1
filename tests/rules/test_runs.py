"""Runs that wait, fail, come too late and are given up; on each Lua."""

import pytest

from kit.lua_rules import ENGINES, answered, asked, decided, exchange, lab_room, lua_book, rule_file
from pointsman.model.decision import Forward, Pending, Refuse, Respond
from pointsman_rules.limits import Engine, Limits

SLEEPS = """on.request(function(req, ctx)
  ctx.before = req.path
  sleep("2s")
  return respond(200, ctx.before .. req.path)
end)"""


@pytest.mark.parametrize("engine", ENGINES)
def test_many_runs_wait_at_once_and_each_goes_on_with_its_own(engine: Engine) -> None:
    book = lua_book(SLEEPS, engine=engine)
    room = lab_room("a")
    book.start(room)
    said = [asked(book, "request", exchange(f"/{at}")) for at in range(20)]
    assert all(isinstance(one, Pending) for one in said)
    room.reactor.advance(2)
    for at, one in enumerate(said):
        assert decided(one) == Respond(200, f"/{at}/{at}".encode(), [])
    assert book.generation.live == {}
    assert book.generation.runtime.live == 0
    book.stop()
    assert room.reactor.getDelayedCalls() == [] or not room.reactor.getDelayedCalls()[0].active()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_budget_of_a_run_goes_over_pcall_and_waits(engine: Engine) -> None:
    book = lua_book(
        """on.request(function(req)
          local ok = pcall(function()
            for i = 1, 3 do
              for j = 1, 20000 do local x = j end
              sleep(1)
            end
            error("mine")
          end)
          return respond(200, tostring(ok))
        end)""",
        engine=engine,
        limits=Limits(instructions=150_000),
    )
    room = lab_room("a")
    book.start(room)
    said = asked(book, "request", exchange())
    for _ in range(3):
        room.reactor.advance(1)
    assert decided(said) == Respond(200, b"false", []), book.failures.latest
    book.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loop_after_a_wait_ends_as_well(engine: Engine) -> None:
    loop = "while true do pcall(function() while true do end end) end"
    source = f"on.request(function() sleep(1) {loop} end)"
    book = lua_book(rule_file(source, status=503), engine=engine)
    room = lab_room("a")
    book.start(room)
    said, other = asked(book, "request", exchange()), asked(book, "request", exchange())
    room.reactor.advance(1)
    assert decided(said) == decided(other) == Refuse(503)
    book.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_who_waits_too_long_is_told_and_then_ended(engine: Engine) -> None:
    for source, told in (
        ("on.request(function() sleep(60) end)", "waited for more than 5 s"),
        ("on.request(function() while true do pcall(sleep, 60) end end)", "still waits after 5 s"),
    ):
        book = lua_book(source, engine=engine)
        room = lab_room("a")
        book.start(room)
        said = asked(book, "request", exchange())
        room.reactor.advance(5)
        assert decided(said) is None
        assert told in book.failures.latest
        book.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_nobody_waits_for_is_dropped(engine: Engine) -> None:
    book = lua_book(SLEEPS, engine=engine)
    room = lab_room("a")
    book.start(room)
    said = asked(book, "request", exchange())
    said.drop()
    assert book.generation.live == {}
    room.reactor.advance(10)
    assert book.failures.count == 0
    book.stop()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("table.sort({2, 1}, function() sleep(1) end)", "sort"),
        ("local s = ('x'):gsub('x', function() sleep(1) end)", "gsub"),
        ("coroutine.wrap(function() sleep(1) end)()", "coroutine"),
        ("sleep('soon')", "duration"),
        ("sleep()", "number"),
    ],
)
def test_where_nothing_can_wait_it_says_so(source: str, told: str, engine: Engine) -> None:
    book = lua_book(f"on.request(function() {source} end)", engine=engine)
    book.start(lab_room("a"))
    assert asked(book, "request", exchange()) is None
    assert told in book.failures.latest
    book.stop()


def test_events_that_cannot_wait_say_so() -> None:
    book = lua_book("on.log(function() sleep(1) end)")
    book.start(lab_room("a"))
    asked(book, "log", exchange())
    assert "nothing can wait in on.log" in book.failures.latest
    book.stop()


def test_not_too_many_wait() -> None:
    book = lua_book(SLEEPS, limits=Limits(pending=2))
    book.start(lab_room("a"))
    said = [asked(book, "request", exchange()) for _ in range(3)]
    assert said[2] is None
    assert "limits.pending" in book.failures.latest
    book.stop()


def test_before_the_service_runs_nothing_waits() -> None:
    book = lua_book(SLEEPS)
    assert asked(book, "request", exchange()) is None
    assert "before the service runs" in book.failures.latest


def test_after_a_failure_in_the_middle_the_rest_is_asked() -> None:
    book = lua_book(
        "on.request(function() sleep(1) error('no') end)",
        "on.request(function() sleep(1) return pool('b') end)",
    )
    room = lab_room("a")
    book.start(room)
    said = asked(book, "request", exchange())
    room.reactor.advance(1)
    room.reactor.advance(1)
    assert decided(said) == Forward("b")
    assert book.failures.count == 1
    book.stop()


def test_why_it_was_decided_is_told_to_whoever_wants_to_know() -> None:
    book = lua_book("on.request(function() return pool('b') end)")
    x = exchange()
    asked(book, "request", x)
    assert x.traced == ["a.lua, on.request: pool('b')"]


def test_a_response_that_waits() -> None:
    book = lua_book("on.response(function(req, res) sleep(1) res.headers.x = '1' end)")
    room = lab_room("a")
    book.start(room)
    x = answered(exchange())
    said = asked(book, "response", x)
    room.reactor.advance(1)
    assert decided(said) is None
    assert x.answer is not None
    assert x.answer.headers.get(b"x") == b"1"
    book.stop()
