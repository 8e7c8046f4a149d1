"""Heads that rules change: as texts, in Lua, and given back whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.lua_rules import ENGINES, asked, decided, exchange, lab_room, lua_book, rule_file
from pointsman.core.http1.fields import BITS
from pointsman.model.decision import Respond
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead
from pointsman_rules.facade import NOTED
from pointsman_rules.facade_values import cookie
from pointsman_rules.lab.stage import LabExchange
from pointsman_rules.limits import Engine, Limits

NAMES = st.sampled_from(["a", "A", "b", "ab", "x-a", "X-A", "host", "x-a.b", "a%b"])
VALUES = st.text(st.sampled_from("ab :\t%-é"), max_size=6)
CHANGES = st.tuples(st.sampled_from(["set", "add", "remove"]), NAMES, VALUES)

# A request tells what is to be done: the change, the name, the value.
CHANGING = """
on.request(function(req, ctx)
  local todo = req.args:all("c")
  for i = 1, #todo, 3 do
    local change, name, value = todo[i], todo[i + 1], todo[i + 2]
    pcall(req.headers[change], req.headers, name, value)
    ctx.seen = req.headers[name]
  end
  local names = {}
  for name, value in req.headers:each() do names[#names + 1] = name .. "=" .. value end
  log.field("each", table.concat(names, "|"))
  log.field("a", table.concat(req.headers:all("a"), "|"))
end)"""
BOOKS = {engine: lua_book(CHANGING, engine=engine) for engine in ENGINES}


def test_the_host_changes_what_the_codec_keeps_notes_of() -> None:
    assert {name.encode() for name in NOTED} == {*BITS}


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=60)
@given(
    fields=st.lists(st.tuples(NAMES, VALUES), max_size=5),
    changes=st.lists(CHANGES, max_size=4),
    taken_apart=st.booleans(),
)
def test_changes_come_to_the_same_as_those_of_headers(
    engine: Engine,
    fields: list[tuple[str, str]],
    changes: list[tuple[str, str, str]],
    taken_apart: bool,
) -> None:
    from urllib.parse import urlencode

    wire = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields)
    query = urlencode([("c", part) for change in changes for part in change], encoding="latin-1")
    head = RequestHead(b"GET", f"/?{query}".encode(), None, host=b"h", wire=wire)
    expected = Headers.read(wire)
    if taken_apart:
        head.headers.add(b"b", b"1")
        expected.add(b"b", b"1")
    for change, name, value in changes:
        if name == "host" and change != "set":
            continue  # it is refused
        if change == "remove":
            expected.remove(name.encode())
        else:
            getattr(expected, change)(name.encode(), value.encode("latin-1"))
    x = LabExchange(head)
    book = BOOKS[engine]
    asked(book, "request", x)
    assert book.failures.count == 0, book.failures.latest
    stripped = [(name, value.strip(b" \t")) for name, value in expected]
    assert [(name, value.strip(b" \t")) for name, value in head.headers] == stripped
    told = "|".join(f"{name.decode()}={value.decode('latin-1')}" for name, value in stripped)
    assert x.log_fields["each"] == told
    found = [value.decode("latin-1") for name, value in stripped if name.lower() == b"a"]
    assert x.log_fields["a"] == "|".join(found)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_the_codec_keeps_notes_of_is_changed_with_all_that_hangs_on_it(engine: Engine) -> None:
    book = lua_book(
        """on.request(function(req)
          req.headers["x-one"] = "1"
          req.headers["X-Forwarded-For"] = "192.0.2.9"
          req.headers["x_forwarded_proto"] = "https"
          req.headers.host = "other"
          req.headers["x-two"] = "2"
          return respond(200, req.host .. req.headers["x-one"] .. req.headers.HOST)
        end)""",
        engine=engine,
    )
    x = exchange()
    assert asked(book, "request", x) == Respond(200, b"other1other", [])
    assert x.request.wire is None  # so that fields that must not pass are looked for again
    assert [name for name, _ in x.request.headers] == [
        b"host", b"x-one", b"X-Forwarded-For", b"x_forwarded_proto", b"x-two"
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_the_host_sees_changes_before_it_looks_and_rules_see_those_of_the_host(
    engine: Engine,
) -> None:
    book = lua_book(
        """on.request(function(req)
          req.headers.cookie = "a=1"
          assert(req.cookies.a == "1")
          req.cookies.b = "2"
          assert(req.headers.cookie == "a=1; b=2")
          req.host = "other"
          assert(req.headers.host == "other")
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest


@pytest.mark.parametrize("engine", ENGINES)
def test_changes_stay_where_a_rule_waits_or_fails_afterwards(engine: Engine) -> None:
    book = lua_book(
        rule_file("on.request(function(req) req.headers.one = '1' error('no') end)", "a.lua"),
        rule_file(
            """on.request(function(req)
              req.headers.two = req.headers.one
              sleep(1)
              req.headers.three = req.headers.two .. req.headers.four
            end)""",
            "b.lua",
        ),
        rule_file("on.request(function(req) while true do req.headers.five = 1 end end)", "c.lua"),
        engine=engine,
        limits=Limits.model_validate({"instructions": 100_000}),
    )
    room = lab_room("a")
    book.start(room)
    x = exchange()
    said = asked(book, "request", x)
    assert x.request.headers.fields[1:] == [(b"one", b"1"), (b"two", b"1")]
    x.request.headers.add(b"four", b"4")
    room.reactor.advance(1)
    assert decided(said) is None
    assert x.request.headers.fields[3:] == [(b"four", b"4"), (b"three", b"14"), (b"five", b"1")]
    assert book.failures.count == 2, book.failures.latest
    book.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_head_of_many_fields_is_no_way_around_the_limits(engine: Engine) -> None:
    book = lua_book(
        "on.request(function(req) for i = 1, 1e6 do req.headers:add('x', 'y') end end)",
        engine=engine,
    )
    asked(book, "request", exchange())
    assert "instructions" in book.failures.latest or "memory" in book.failures.latest


PARTS = st.tuples(st.sampled_from(["a", " a", "a ", "b", "", "aa", "a\t"]), VALUES, st.booleans())
COOKIES = {
    engine: lua_book(
        """on.request(function(req)
          local a, b = req.cookies.a, req.cookies:get("b")
          return respond(200, (a or "none") .. "|" .. (b or "none"))
        end)""",
        engine=engine,
    )
    for engine in ENGINES
}


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=60)
@given(lines=st.lists(st.lists(PARTS, max_size=4), max_size=2))
def test_cookies_are_found_in_lua_as_by_the_host(
    engine: Engine, lines: list[list[tuple[str, str, bool]]]
) -> None:
    texts = [
        ";".join(f"{name}={value}" if equals else name for name, value, equals in line)
        for line in lines
    ]
    wire = b"".join(f"Cookie: {text}\r\n".encode("latin-1") for text in texts)
    x = LabExchange(RequestHead(b"GET", b"/", None, host=b"h", wire=wire))
    expected = "|".join(
        "none" if (value := cookie(x.request, name)) is None else value for name in ("a", "b")
    )
    book = COOKIES[engine]
    assert asked(book, "request", x).body == expected.encode("latin-1"), book.failures.latest
