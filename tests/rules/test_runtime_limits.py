"""What a rule may use, on each Lua: the attacks that must end, and leave the next run alone."""

import pytest

from kit.lua_attacks import ATTACKS
from kit.lua_rules import ENGINES, asked, decided, exchange, lab_room, lua_book
from pointsman.model.decision import Refuse, Respond
from pointsman_rules.limits import Engine, Limits


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_it_ends_as_a_failure_and_the_next_exchange_is_served(attack: str, engine: Engine) -> None:
    book = lua_book(
        f"""on.request(function(req, ctx)
          if req.path == "/good" then return respond(200, "good") end
          {ATTACKS[attack]}
          return respond(200, "the attack was let through")
        end)""",
        engine=engine,
    )
    for _ in range(3):
        assert asked(book, "request", exchange("/bad")) is None
        assert asked(book, "request", exchange("/good")) == Respond(200, b"good", [])
    assert book.failures.count == 3, book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_a_full_heap_is_no_end_of_the_process_where_the_host_is_asked(engine: Engine) -> None:
    book = lua_book(
        """
        local kept = {}
        on.request(function(req, ctx)
          if req.path == "/good" then return respond(200, "good") end
          pcall(function() for i = 1, 1e9 do kept[#kept + 1] = ("x"):rep(5000) .. i end end)
          pcall(function() while true do kept[#kept + 1] = kept[#kept] .. "y" end end)
          for i = 1, 100 do pcall(function() return req.path, req.headers.host end) end
          pcall(error, setmetatable({}, {__tostring = function() return req.path end}))
          return respond(200, req.path)
        end)""",
        engine=engine,
        limits=Limits.model_validate({"instructions": 100_000_000, "cpu": "20s", "memory": "2MiB"}),
    )
    for _ in range(3):
        assert asked(book, "request", exchange("/bad")) is None
        asked(book, "request", exchange("/good"))  # it may meet the full runtime, which then goes
        assert asked(book, "request", exchange("/good")) == Respond(200, b"good", [])
    assert book.failures.count >= 3


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_kept_beyond_the_limit_costs_the_runtime_and_the_event(engine: Engine) -> None:
    book = lua_book(
        """
        kept = {}
        on.request(function(req, ctx)
          for i = 1, 20 do kept[#kept + 1] = ("x"):rep(1e5) .. #kept end
          return respond(200, tostring(#kept))
        end)""",
        engine=engine,
        limits=Limits.model_validate({"memory": "1MiB"}),
    )
    first = book.generation
    said = [asked(book, "request", exchange()) for _ in range(4)]
    assert said[0] in (None, Respond(200, b"20", []))
    assert book.generation is not first
    assert "memory" in book.failures.latest
    assert book.generation.runtime.memory < (1 << 20) + (3 << 20)


@pytest.mark.parametrize("engine", ENGINES)
def test_cpu_time_is_limited_beside_instructions(engine: Engine) -> None:
    book = lua_book(
        "on.request(function() while true do end end)",
        engine=engine,
        limits=Limits(instructions=10_000_000_000, cpu=0.01),
    )
    assert asked(book, "request", exchange()) is None
    assert "10 ms of CPU time" in book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_run_used_is_not_held_against_the_next(engine: Engine) -> None:
    book = lua_book(
        "on.request(function() for i = 1, 20000 do local x = i end end)",
        engine=engine,
        limits=Limits(instructions=100_000),
    )
    for _ in range(50):
        asked(book, "request", exchange())
    assert book.failures.count == 0, book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_the_limit_is_about_where_it_was_set(engine: Engine) -> None:
    source = "on.request(function(req) for i = 1, {} do local x = i end end)"
    for turns, fails in ((20_000, 0), (400_000, 1)):
        book = lua_book(source.replace("{}", str(turns)), engine=engine)
        asked(book, "request", exchange())
        assert book.failures.count == fails


@pytest.mark.parametrize("engine", ENGINES)
def test_loading_is_limited_as_well(engine: Engine) -> None:
    with pytest.raises(ValueError, match="instructions"):
        lua_book("while true do end", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_policy_of_a_rule_decides_what_becomes_of_the_exchange(engine: Engine) -> None:
    from kit.lua_rules import rule_file

    source = "on.request(function() while true do end end)"
    for status, said in ((0, None), (500, Refuse(500)), (503, Refuse(503))):
        book = lua_book(rule_file(source, status=status), engine=engine)
        assert asked(book, "request", exchange()) == said


@pytest.mark.parametrize("engine", ENGINES)
def test_ordinary_work_on_texts_is_let_through(engine: Engine) -> None:
    book = lua_book(
        r"""on.request(function(req)
          local ip = ("192.168.100.200"):match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
          assert(ip == "192")
          assert(("a=b; c=d"):gsub("(%w+)=(%w+)", "%2=%1") == "b=a; d=c")
          assert(("x"):rep(3, ",") == "x,x,x" and ("x"):rep(0) == "" and ("ab"):rep(2) == "abab")
          local seen = {}
          for key, value in ("a=1&b=2"):gmatch("(%w+)=(%w+)") do seen[key] = value end
          assert(seen.a == "1" and seen.b == "2")
          assert(("%5.1f|%s|%d|%q"):format(1.25, "x", 3, "y") == '  1.2|x|3|"y"')
          assert(("/a/b/c"):find("/", 2, true) == 3)
          assert((("c"):rep(2000) .. "; uid=7"):match("uid=(%d+)") == "7")
          assert(("/static/" .. ("a"):rep(4000)):match("^/static/(.*)$"))
          local t = {3, 1, 2}
          table.sort(t)
          table.insert(t, 4) table.insert(t, 1, 0) table.remove(t)
          assert(table.concat(t, ",") == "0,1,2,3" and #table.pack(1, 2) == 2)
          assert(select("#", unpack({1, 2, 3})) == 3)
          assert(bit.band(0xff, 0x0f) == 15 and bit.bnot(0) == -1)
          assert(bit.lshift(1, 31) == -2147483648)
          assert(bit.bxor(1, 3) == 2 and bit.bor(1, 2, 4) == 7 and bit.rshift(-1, 28) == 15)
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_calls_that_catch_errors_are_not_nested_without_end_whatever_lies_between(
    engine: Engine,
) -> None:
    book = lua_book(
        """
        local most = 0
        local function deep(n, pause)
          most = n
          if n % 30 == 0 then pause() end
          return pcall(deep, n + 1, pause)
        end
        on.request(function(req)
          local function level(n) return n == 0 and "ground" or select(2, pcall(level, n - 1)) end
          level(60)
          local made = coroutine.create(function() deep(1, coroutine.yield) end)
          for i = 1, 20 do coroutine.resume(made) end
          local first = most
          deep(1, function() sleep(1) end)
          return respond(200, first .. " " .. most)
        end)""",
        engine=engine,
    )
    room = lab_room("a")
    book.start(room)
    said = asked(book, "request", exchange())
    for _ in range(4):
        room.reactor.advance(1)
    reached = decided(said).body
    assert reached == b"100 101", book.failures.latest
    book.stop()
