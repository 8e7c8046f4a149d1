"""Bodies that rules see and change."""

import pytest

from kit.lua_rules import ENGINES, answered, asked, decided, exchange, lab_room, lua_book
from pointsman.contracts.rules import DECODE, PASS_LARGE, REFUSE_LARGE, SKIP
from pointsman.model.decision import Respond
from pointsman_rules.limits import Engine, Limits


@pytest.mark.parametrize("engine", ENGINES)
def test_files_change_a_body_one_after_the_other(engine: Engine) -> None:
    book = lua_book(
        "on.response_body(function(req, res, body, ctx) return body .. '1' end)",
        "on.response_body(function(req, res, body, ctx) if false then return body end end)",
        "on.response_body(function(req, res, body, ctx) error('no') end)",
        "on.response_body(function(req, res, body, ctx) return body .. '2' end)",
        engine=engine,
    )
    x = answered(exchange())
    assert asked(book, "response", x) is None
    (one,) = x.response_filters
    assert one.feed(b"body\xff", True) == b"body\xff12", book.failures.latest
    assert book.failures.count == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_parts_are_changed_as_they_come(engine: Engine) -> None:
    book = lua_book(
        """
        on.request_chunk(function(req, chunk, last) return chunk:upper() end)
        on.response_chunk(function(req, res, chunk, last)
          return last and chunk .. "!" or nil
        end)""",
        engine=engine,
    )
    x = exchange("/", "POST", body_length=6)
    assert asked(book, "request", x) is None
    (up,) = x.request_filters
    assert [up.feed(b"abc", False), up.feed(b"def", True)] == [b"ABC", b"DEF"]
    asked(book, "response", answered(x))
    (down,) = x.response_filters
    assert [down.feed(b"abc", False), down.feed(b"", True)] == [b"abc", b"!"]
    assert (up.most, down.most) == (0, 0)


def test_a_rule_may_decline_a_body_when_it_sees_the_head() -> None:
    book = lua_book(
        """
        on.request(function(req, ctx) ctx.request_body = req.path == "/yes" and nil end)
        on.request_body(function(req, body) return respond(403) end)
        on.response(function(req, res, ctx)
          if res.headers["content-type"] ~= "text/html" then ctx.response_body = false end
        end)
        on.response_body(function(req, res, body) return "new" end)"""
    )
    for path, type_, filters in (("/yes", "text/html", (1, 1)), ("/no", "image/png", (0, 0))):
        x = exchange(path, "POST", body_length=5)
        asked(book, "request", x)
        asked(book, "response", answered(x, 200, f"Content-Type: {type_}\r\n"))
        assert (len(x.request_filters), len(x.response_filters)) == filters
    assert x.request_filters == []


def test_a_request_without_a_body_has_none_to_be_seen() -> None:
    book = lua_book("on.request_body(function(req, body) return 'x' end)")
    x = exchange()
    asked(book, "request", x)
    assert x.request_filters == []


def test_a_body_may_be_answered() -> None:
    book = lua_book(
        "on.request_body(function(req, body) if body:find('bad') then return respond(403) end end)"
    )
    x = exchange("/", "POST", body_length=3)
    asked(book, "request", x)
    assert x.request_filters[0].feed(b"bad", True) == Respond(403, b"", [])
    assert x.request_filters[0].feed(b"good", True) == b"good"


def test_a_body_may_wait() -> None:
    book = lua_book(
        """on.request_body(function(req, body)
          sleep(1)
          if body == "change" then return "changed" end
        end)"""
    )
    room = lab_room("a")
    book.start(room)
    x = exchange("/", "POST", body_length=3)
    asked(book, "request", x)
    said = [x.request_filters[0].feed(body, True) for body in (b"change", b"keep")]
    room.reactor.advance(1)
    assert [decided(one) for one in said] == [b"changed", b"keep"]
    book.stop()


def test_limits_say_what_becomes_of_large_and_coded_bodies() -> None:
    source = "on.response_body(function() end)"
    for limits, told in (
        (Limits(), (1 << 20, PASS_LARGE, DECODE)),
        (
            Limits.model_validate({"body": "2KiB", "large_body": "refuse", "coded_body": "skip"}),
            (2048, REFUSE_LARGE, SKIP),
        ),
    ):
        x = answered(exchange())
        asked(lua_book(source, limits=limits), "response", x)
        one = x.response_filters[0]
        assert (one.most, one.large, one.coding) == told
