"""What a book is asked, and how exchanges, connections and generations come and go."""

import gc
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.lua_rules import ENGINES, answered, asked, exchange, lab_room, lua_book, rule_file
from pointsman.contracts.rules import RuleEvents
from pointsman.model.decision import Forward, More, Refuse, Replace, Respond, Retry
from pointsman.model.errors import UpstreamError
from pointsman.model.message import RequestHead
from pointsman_rules.files import RuleFile
from pointsman_rules.lab.stage import LabConnection, LabPool, LabServer
from pointsman_rules.limits import Engine


def test_what_nobody_registered_for_is_not_asked() -> None:
    assert lua_book("local x = 1").events == RuleEvents()
    events = lua_book("on.request(function() end)").events
    assert events.request is not None
    assert events == RuleEvents(request=events.request)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exchange_from_its_beginning_to_its_end(engine: Engine) -> None:
    book = lua_book(
        """
        on.request(function(req, ctx) ctx.seen = "request" end)
        on.selected(function(req, ctx, server) ctx.seen = ctx.seen .. " selected:" .. server end)
        on.connect_failed(function(req, ctx, failure)
          ctx.seen = ctx.seen .. " failed:" .. failure.server .. failure.attempt .. failure.phase
          return retry{exclude = failure.server}
        end)
        on.upstream_request(function(req, up, ctx)
          up.headers["x-to"] = up.server
          up.path = "/inner" .. up.path
          ctx.seen = ctx.seen .. " up"
        end)
        on.response(function(req, res, ctx)
          res.headers["x-seen"] = ctx.seen
        end)
        on.log(function(req, ctx, record)
          log.field("seen", ctx.seen .. " " .. record.status .. " " .. record.termination)
        end)
        """,
        engine=engine,
    )
    x = exchange("/p")
    assert asked(book, "request", x) is None
    x.to_server, x.tries = "a", 1
    assert asked(book, "selected", x) is None
    x.problem = UpstreamError("connect", "refused")
    assert asked(book, "connect_failed", x) == Retry("", ("a",))
    x.to_server, x.sent = "b", x.request.copy()
    assert asked(book, "upstream_request", x) is None
    assert x.sent.target == b"/inner/p"
    assert x.sent.headers.get(b"x-to") == b"b"
    answered(x, 200)
    assert asked(book, "response", x) is None
    seen = b"request selected:a failed:a1connect up"
    assert x.answer is not None
    assert x.answer.headers.get(b"x-seen") == seen
    x.ended = "ok"
    asked(book, "log", x)
    assert x.log_fields == {"seen": seen.decode() + " 200 ok"}
    assert book.generation.live == {}
    assert book.generation.runtime.live == 0
    assert book.failures.count == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_files_are_asked_in_order_and_the_first_that_decides_ends_it(engine: Engine) -> None:
    book = lua_book(
        "on.request(function(req, ctx) ctx.a = 1 end)",
        "on.request(function(req, ctx) if ctx.a == 1 then return pool('second') end end)",
        "on.request(function(req, ctx) return pool('third') end)",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Forward("second")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_fails_is_passed_over_or_answers_as_it_was_told(engine: Engine) -> None:
    bad, good = (
        "on.request(function() error('no') end)",
        "on.request(function() return pool('b') end)",
    )
    assert asked(lua_book(bad, good, engine=engine), "request", exchange()) == Forward("b")
    closed = lua_book(rule_file(bad, status=500), rule_file(good), engine=engine)
    assert asked(closed, "request", exchange()) == Refuse(500)
    assert closed.failures.latest == "a.lua:1: no (on.request)"


def test_a_file_that_fails_too_often_is_left_alone_for_a_while() -> None:
    book = lua_book(
        rule_file("n = 0 on.request(function() n = n + 1 error('no ' .. n) end)", "open.lua"),
        rule_file("on.request(function() return pool('b') end)", "b.lua"),
    )
    room = lab_room("a")
    book.start(room)
    for _ in range(50):
        assert asked(book, "request", exchange()) == Forward("b")
    assert book.failures.count == 50
    for _ in range(10):
        assert asked(book, "request", exchange()) == Forward("b")
    assert book.failures.count == 50
    room.reactor.advance(30)
    asked(book, "request", exchange())
    assert book.failures.count == 51
    book.stop()


def test_a_closed_one_answers_for_itself_meanwhile() -> None:
    book = lua_book(rule_file("on.request(function() error('no') end)", status=503))
    book.start(lab_room("a"))
    for _ in range(60):
        assert asked(book, "request", exchange()) == Refuse(503)
    assert book.failures.count == 50
    book.stop()


def test_select_names_a_server_of_those_that_stand_by() -> None:
    book = lua_book(
        """on.select(function(req, servers, ctx)
          if req.path == "/last" then return servers[#servers] end
          if req.path == "/verb" then return server(servers[1]) end
          if req.path == "/no" then return refuse(503) end
        end)"""
    )
    pool = LabPool("web", [LabServer("a", "192.0.2.1:80"), LabServer("b", "192.0.2.2:80")])
    assert book.events.select is not None
    said = [book.events.select(exchange(path), pool.members)
            for path in ("/last", "/verb", "/no", "/")]  # fmt: skip
    assert said == ["b", "a", Refuse(503), None]


def test_error_pages_can_be_replaced() -> None:
    book = lua_book(
        """on.error(function(req, res, ctx)
          if res.status == 503 then return respond(503, "soon", {["retry-after"] = "5"}) end
        end)"""
    )
    assert asked(book, "error", answered(exchange(), 503)) == Respond(
        503, b"soon", [(b"retry-after", b"5")]
    )
    assert asked(book, "error", answered(exchange(), 502)) is None


def test_connections() -> None:
    book = lua_book(
        """
        on.connection(function(client, ctx)
          if client.ip == "192.0.2.1" then ctx.n = 1 end
        end)
        on.client_hello(function(client, ctx)
          return pool("tls" .. ctx.n .. tostring(client.sni))
        end)
        on.data(function(client, ctx, data, more)
          if #data < 4 and more then return _G.more() end
          return replace(data:upper())
        end)
        on.close(function(client, ctx) log.info("closed " .. client.ip) end)
        """
    )
    x = LabConnection()
    assert asked(book, "connection", x) is None
    assert asked(book, "client_hello", x) == Forward("tls1nil")
    assert book.events.data is not None
    assert book.events.data(x, b"ab", True) == More()
    assert book.events.data(x, b"abcd", True) == Replace(b"ABCD")
    asked(book, "close", x)
    assert book.generation.live == {}
    assert book.failures.count == 0, book.failures.latest


def test_states_of_servers_are_told() -> None:
    book = lua_book(
        """on.server_state(function(pool, server, old, new)
          metrics.counter("changes", {server = pool .. "/" .. server, to = new}):add()
        end)"""
    )
    assert book.events.server_state is not None
    book.events.server_state("web", "a", "up", "down")
    assert book.place.metrics.values == {'changes{server="web/a",to="down"}': 1.0}


@pytest.mark.parametrize("engine", ENGINES)
def test_new_files_take_over_and_exchanges_under_way_end_with_the_old_ones(engine: Engine) -> None:
    source = """
    on.request(function(req, ctx) ctx.from = "V" end)
    on.response(function(req, res, ctx) res.headers["x-from"] = ctx.from .. "V" end)
    on.log(function() end)
    on.unload(function() metrics.counter("unloaded"):add() end)"""
    book = lua_book(source.replace("V", "old"), engine=engine)
    room = lab_room("a")
    book.start(room)
    one, two = exchange(), exchange()
    asked(book, "request", one)
    book.replace([rule_file(source.replace("V", "new"))])
    assert room.changes == 1
    asked(book, "request", two)
    for x, told in ((one, b"oldold"), (two, b"newnew")):
        asked(book, "response", answered(x))
        assert x.answer is not None
        assert x.answer.headers.get(b"x-from") == told
        asked(book, "log", x)
    assert book.place.metrics.values == {"unloaded": 1.0}
    book.stop()
    assert book.place.metrics.values == {"unloaded": 2.0}


@pytest.mark.parametrize("used", [False, True])
def test_what_is_not_used_any_more_goes_at_once(used: bool) -> None:
    """A Lua runtime is large, and the collector comes by once in tens of thousands of objects."""
    text = "every('1s', function() end)\non.request(function() log.info('x') end)"
    gc.disable()
    try:
        book = lua_book(text)
        if used:
            book.start(lab_room("a"))
            asked(book, "request", exchange())
            book.stop()
        gone: list[ref[Any]] = [ref(book), ref(book.generation), ref(book.generation.runtime)]
        del book
        assert [each() for each in gone] == [None] * 3
    finally:
        gc.enable()


def test_files_that_cannot_be_loaded_leave_all_as_it_was() -> None:
    book = lua_book("on.request(function() return pool('old') end)")
    before = book.events
    with pytest.raises(ValueError, match=r"a\.lua:1"):
        book.replace([rule_file("on.request(")])
    assert book.events is before
    assert asked(book, "request", exchange()) == Forward("old")


def test_a_file_that_has_changed_is_loaded_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.lua"

    def said(text: str) -> object:
        fresh = tmp_path / "fresh"
        fresh.write_text(text)
        fresh.replace(path)
        book.look()
        return asked(book, "request", exchange())

    path.write_text("")
    source = b"on.request(function() return pool('one') end)"
    book = lua_book(RuleFile("a.lua", path, source))
    with noted_log() as events:
        assert said("on.request(function() return pool('two') end)") == Forward("two")
        assert said("on.request(function() return pool('") == Forward("two")
        path.unlink()
        book.look()
        assert said("on.request(function() return pool('three') end)") == Forward("three")
    told = " ".join(formatEvent(event) for event in events)
    assert "rules were loaded anew: a.lua" in told
    assert "rules stay as they were: a.lua:1:" in told
    assert "cannot read the rule a.lua" in told


def test_load_runs_once_all_files_are_there_and_its_error_refuses_them() -> None:
    with pytest.raises(ValueError, match=r"b\.lua:1: not today"):
        lua_book("local x = 1", "on.load(function() error('not today') end)")


def test_a_thousand_reloads_leave_nothing_behind() -> None:
    book = lua_book("on.request(function() end) every('1s', function() end)")
    book.start(lab_room("a"))
    for _ in range(100):
        book.replace(book.generation.files)
        asked(book, "request", exchange())
    assert len(book.timers) == 1
    assert book.generation.live == {}
    book.stop()


def test_it_describes_itself_by_its_files() -> None:
    assert lua_book("local x", "local y").describes == "a.lua, b.lua"


def test_a_request_head_is_seen_as_rules_before_have_changed_it() -> None:
    book = lua_book("on.request(function(req) return respond(200, req.path) end)")
    x = exchange("/old")
    x.request.target = b"/new"
    assert asked(book, "request", x).body == b"/new"
    assert isinstance(x.request, RequestHead)
