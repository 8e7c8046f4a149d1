"""What rules cannot reach, on each Lua."""

import pytest

from kit.lua_rules import ENGINES, asked, exchange, lua_book, rule_file
from pointsman.model.decision import Respond
from pointsman_rules.limits import Engine

GONE = (
    "python", "io", "os", "package", "require", "debug", "load", "loadstring", "loadfile", "dofile",
    "collectgarbage", "newproxy", "getfenv", "setfenv", "module", "ffi", "jit", "utf8", "warn",
    "string.dump", "coroutine.close",
)  # fmt: skip

# Each must fail where it stands: while the file is loaded.
REFUSED = {
    "a library is changed": "string.upper = 1",
    "a library is changed raw": "rawset(string, 'upper', 1)",
    "a library is given new metamethods": "setmetatable(string, {})",
    "strings are changed": "getmetatable('').__index.upper = 1",
    "events are changed": "on.request = 1",
    "an event that is none": "on.requst(function() end)",
    "an event without a function": "on.request(1)",
    "a finalizer": "setmetatable({}, {__gc = function() end})",
    "a pattern that is none": "local x = ('x'):find('[a')",
    "a capture that does not end": "local x = ('x'):find('(a')",
    "a library is asked for more than it has": "local x = string.dmp",
    "tables under no name": "local t = tables.nothing",
    "lists under no name": "local t = lists.nothing",
    "a status that is none": "respond(99)",
    "a header with a line end": "respond(200, '', {a = 'b\\r\\nc: d'})",
    "a header's name with a blank": "respond(200, '', {['a b'] = 'c'})",
    "a redirect with a line end": "redirect('http://x/\\nSet-Cookie: a=b')",
    "a redirect that is none": "redirect('http://x/', 200)",
    "a wait while loading": "sleep(1)",
    "a short timer": "every(0, function() end)",
    "a duration that is none": "every('fast', function() end)",
    "a key that is no text": "tables.hits:incr({})",
    "a value that is no value": "tables.hits:set('k', {})",
    "an error without a message": "error(nil)",
    "an error that is a table": "error({code = 1})",
    "an error that is a function": "error(print)",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_that_reaches_outside_is_there(engine: Engine) -> None:
    checks = "\n".join(
        f"local ok, found = pcall(function() return {name} end) "
        f"assert(not ok or found == nil, '{name}')"
        for name in GONE
    )
    lua_book(checks, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_its_line(what: str, engine: Engine) -> None:
    # An error that is no text has no place of its own.
    line = r"^a\.lua: an error that is" if "that is a" in what else r"^a\.lua:3: "
    with pytest.raises(ValueError, match=line):
        lua_book(f"\n\n{REFUSED[what]}", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_compiled_lua_is_refused(engine: Engine) -> None:
    for start in ("\x1bLua", "\x1bLJ"):
        with pytest.raises(ValueError, match="only its source"):
            lua_book(start + "\x02rest", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_syntax_error_names_file_and_line(engine: Engine) -> None:
    with pytest.raises(ValueError, match=r"^a\.lua:2: "):
        lua_book("local x = 1\nlocal y = = 2", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_errors_of_the_host_reach_rules_as_text_only(engine: Engine) -> None:
    book = lua_book(
        """on.request(function(req)
          local ok, problem = pcall(function() req.headers["content-length"] = "1" end)
          assert(not ok and type(problem) == "string", type(problem))
          ok, problem = pcall(function() return tables.nothing end)
          assert(not ok and type(problem) == "string", type(problem))
          local seen = {}
          local co = coroutine.create(function() return tables.nothing end)
          ok, problem = coroutine.resume(co)
          assert(not ok and type(problem) == "string", type(problem))
          ok, problem = xpcall(function() return tables.nothing end, function(p) return p end)
          assert(not ok and type(problem) == "string", type(problem))
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_no_object_of_the_host_is_in_what_rules_can_reach(engine: Engine) -> None:
    book = lua_book(
        """
        local seen = {}
        local function walk(value, way)
          assert(type(value) ~= "userdata", way)
          if type(value) ~= "table" or seen[value] then return end
          seen[value] = true
          for key, inner in pairs(value) do
            walk(key, way .. ".key") walk(inner, way .. "." .. tostring(key))
          end
          local mt = getmetatable(value)
          if type(mt) == "table" then walk(mt, way .. ".metatable") end
        end
        on.request(function(req, ctx)
          for _, value in pairs({_G, req, ctx, req.headers, req.cookies, req.args, req.client, on,
            string, table, coroutine, tables, lists, pools, json, http, text, respond(200)}) do
            walk(value, "root")
          end
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_facades_cannot_be_taken_apart(engine: Engine) -> None:
    book = lua_book(
        """on.request(function(req, ctx)
          local verb = respond(200)
          for _, one in pairs({req, req.headers, req.client, verb, string}) do
            assert(not pcall(setmetatable, one, {}))
            assert(not pcall(rawset, one, 1, 2))
            assert(getmetatable(one) == false)
          end
          assert(next(req) == nil and next(req.headers) == nil)
          assert(not pcall(function() req.nothing = 1 end))
          assert(not pcall(function() req.id = "mine" end))
          assert(not pcall(function() verb[2] = 500 end) or rawget(verb, 2) == 500)
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_only_the_verbs_own_functions_make_verbs(engine: Engine) -> None:
    book = lua_book("on.request(function() return {'respond', 200, 'x'} end)", engine=engine)
    assert asked(book, "request", exchange()) is None
    assert "returned a table" in book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_over_cannot_be_used(engine: Engine) -> None:
    book = lua_book(
        """
        local kept, headers
        on.request(function(req, ctx)
          if kept then
            local ok, problem = pcall(function() return kept.path end)
            local good, told = pcall(function() headers["x"] = "1" end)
            assert(not ok and not good)
            return respond(200, problem)
          end
          kept, headers = req, req.headers
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange("/secret")) is None
    said = asked(book, "request", exchange())
    assert b"it belongs to an event that has ended" in said.body


@pytest.mark.parametrize("engine", ENGINES)
def test_files_have_globals_of_their_own_and_share_what_is_meant_to_be(engine: Engine) -> None:
    book = lua_book(
        "x = 1 shared.y = 2 on.request(function() x = x + 1 end)",
        "on.request(function() return respond(200, tostring(x) .. shared.y) end)",
        engine=engine,
    )
    assert asked(book, "request", exchange()).body == b"nil2"


@pytest.mark.parametrize("engine", ENGINES)
def test_events_are_registered_by_the_file_and_not_later(engine: Engine) -> None:
    book = lua_book("on.request(function() on.request(function() end) end)", engine=engine)
    asked(book, "request", exchange())
    assert "cannot be registered later" in book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_options_are_checked_by_what_the_rule_declares(engine: Engine) -> None:
    source = """
    options {
      limit = {"integer", 10, "requests"},
      window = {"duration", "10s"},
      mode = {"string", "on", one_of = {"on", "off"}},
      names = {"list", {}},
      key = {"string", required = true},
    }
    on.request(function() return respond(200, table.concat({tostring(config.limit),
      tostring(config.window), config.mode, tostring(#config.names), config.key}, " ")) end)"""

    def said(options: str) -> bytes:
        book = lua_book(rule_file(source, options=options), engine=engine)
        body: bytes = asked(book, "request", exchange()).body
        return body.replace(b".0", b"")

    assert said('{"key": "k"}') == b"10 10 on 0 k"
    assert said('{"key": "k", "limit": 3, "window": "2m", "names": ["a"]}') == b"3 120 on 1 k"
    for options, told in (
        ("", "is needed"),
        ('{"key": "k", "limit": "x"}', "expected a whole number"),
        ('{"key": "k", "limit": 1.5}', "expected a whole number"),
        ('{"key": "k", "window": 5, "mode": "maybe"}', "expected one of on, off"),
        ('{"key": "k", "window": "soon"}', "expected a duration"),
        ('{"key": "k", "limits": 1}', "no such option"),
    ):
        with pytest.raises(ValueError, match=told):
            said(options)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rule_without_options_takes_none(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no options"):
        lua_book(rule_file("on.request(function() end)", options='{"a": 1}'), engine=engine)
