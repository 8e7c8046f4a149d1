"""Pools for rules."""

from kit.lua_rules import asked, exchange, lab_room, lua_book
from pointsman.model.decision import Respond

SEEN = """on.request(function()
  local words = {}
  for _, server in pairs(pools.web:servers()) do
    words[#words + 1] = server.name .. "/" .. server.state .. "/" .. server.weight
  end
  return respond(200, table.concat(words, " ") .. " " .. pools.web:size() .. pools.web:healthy())
end)"""


def test_rules_see_pools_and_their_servers() -> None:
    book = lua_book(SEEN)
    book.start(lab_room("a", "b"))
    said = asked(book, "request", exchange())
    assert said == Respond(200, b"a/up/1000 b/up/1000 22", [])


def test_rules_change_servers() -> None:
    book = lua_book(
        """on.request(function()
          pools.web:server("a"):drain()
          pools.web:server("b"):set_weight(7)
          assert(pools.web:server("c") == nil)
          assert(pools.web:server("b").address == "192.0.2.1:80")
        end)""",
        SEEN,
    )
    book.start(lab_room("a", "b"))
    said = asked(book, "request", exchange())
    assert said == Respond(200, b"a/draining/1000 b/up/7 21", []), book.failures.latest


def test_what_is_not_there_is_told() -> None:
    for source, told in (
        ("pools.none:size()", "there is no pool 'none'"),
        ("pools.web:server('a'):set_weight(1.5)", "whole number"),
        ("pools.web:server('a'):set_weight(70000)", "0..65535"),
        ("local x = pools.web:server('a').colour", "no field 'colour'"),
        ("pools.web:server('a').weight = 1", "set_weight"),
    ):
        book = lua_book(f"on.request(function() {source} end)")
        book.start(lab_room("a"))
        asked(book, "request", exchange())
        assert told in book.failures.latest
