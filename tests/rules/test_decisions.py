"""What rules return becomes decisions."""

from typing import Any

import pytest

from kit.lua_rules import answered, asked, exchange, lua_book
from pointsman.model.decision import Close, Forward, Refuse, Respond, Retry
from pointsman_rules.decisions import decision, words


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("respond(404)", Respond(404, b"", [])),
        ("respond(429, 'no', {['Retry-After'] = 10, a = {'1', '2'}})",
         Respond(429, b"no", [(b"Retry-After", b"10"), (b"a", b"1"), (b"a", b"2")])),
        ("redirect('https://x/')", Respond(302, b"", [(b"location", b"https://x/")])),
        ("redirect('/x', 308)", Respond(308, b"", [(b"location", b"/x")])),
        ("refuse(403)", Refuse(403)),
        ("pool('web')", Forward("web")),
        ("server('a')", Forward("", "a")),
        ("server('a', true)", Forward("", "a", required=True)),
        ("close()", Close()),
        ("reset()", Close(reset=True)),
        ("nil", None),
    ],
)  # fmt: skip
def test_verbs_of_requests(returned: str, said: object) -> None:
    book = lua_book(f"on.request(function() local verb = {returned} return verb end)")
    assert asked(book, "request", exchange()) == said, book.failures.latest


@pytest.mark.parametrize(
    ("set_", "said"),
    [
        ("ctx.pool = 'b'", Forward("b")),
        ("ctx.server = 'x'", Forward("", "x")),
        ("ctx.pool, ctx.server = 'b', 'x'", Forward("b", "x")),
        ("ctx.pool = 5", Forward()),
        ("ctx.mine = 1", None),
    ],
)
def test_what_is_written_to_ctx(set_: str, said: object) -> None:
    book = lua_book(f"on.request(function(req, ctx) {set_} end)")
    assert asked(book, "request", exchange()) == said


def test_verbs_of_responses() -> None:
    for returned, said in (
        ("retry()", Retry()),
        ("retry{exclude = 'a', pool = 'b', unsafe = true}", Retry("b", ("a",), True)),
    ):
        book = lua_book(f"on.response(function() local verb = {returned} return verb end)")
        assert asked(book, "response", answered(exchange())) == said


def test_verbs_that_do_not_fit_are_told() -> None:
    book = lua_book("on.request(function() return retry() end)")
    assert asked(book, "request", exchange()) is None
    assert "retry() cannot be returned from on.request" in book.failures.latest
    assert "respond()" in book.failures.latest


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (("respond", 301, "", "location", "/x"), "respond(301) to /x"),
        (("respond", 200, "x"), "respond(200)"),
        (("choose", "b", ""), "ctx.pool = 'b'"),
        (("pool", "b"), "pool('b')"),
        (("close", ""), "close()"),
        (("text", "abc"), "3 bytes"),
    ],
)
def test_verbs_in_words(made: Any, told: str) -> None:
    assert words(made) == told


def test_nothing_else_is_a_decision() -> None:
    with pytest.raises(ValueError, match="no decision"):
        decision(("nothing",))
