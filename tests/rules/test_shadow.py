"""Rules in the shadow."""

from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.lua_rules import answered, asked, exchange, lua_book, rule_file
from pointsman_rules.rule_tables import RuleTable


def test_they_run_and_are_told_of_and_change_nothing() -> None:
    table = RuleTable(10, 60.0)
    book = lua_book(
        rule_file(
            """
            on.request(function(req, ctx)
              req.path = "/other"
              req.headers["x-a"] = "1"
              tables.hits:incr("k")
              if tables.hits:get("k") == 1 then return respond(403) end
            end)
            on.response(function(req, res) res.status = 500 end)
            on.response_body(function(req, res, body) return "new" end)""",
            shadow=True,
        ),
        tables={"hits": table},
    )
    x = exchange("/p")
    with noted_log() as events:
        assert asked(book, "request", x) is None
        assert asked(book, "response", answered(x)) is None
        assert x.response_filters[0].feed(b"old", True) == b"old"
    assert x.request.wire is not None
    assert x.request.target == b"/p"
    assert table.get("k", 0.0) is None
    told = " ".join(formatEvent(event) for event in events)
    for words in ("/other", "'x-a', '1'", "would respond(403)", "would set res.status", "3 bytes"):
        assert words in told, told


def test_they_fail_without_consequence() -> None:
    book = lua_book(rule_file("on.request(function() error('no') end)", shadow=True, status=500))
    assert asked(book, "request", exchange()) is None
    assert book.failures.count == 1
