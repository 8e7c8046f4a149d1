"""A runtime as its host sees it."""

import pytest

from kit.lua_rules import ENGINES, asked, exchange, lua_book
from pointsman_rules.limits import Engine


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_small_and_counts_what_is_live(engine: Engine) -> None:
    book = lua_book("on.request(function() end) on.log(function() end)", engine=engine)
    runtime = book.generation.runtime
    assert runtime.memory < 350_000
    x = exchange()
    asked(book, "request", x)
    assert runtime.live == 1
    asked(book, "log", x)
    assert runtime.live == 0
    assert runtime.has_room
    assert not runtime.crowded


@pytest.mark.parametrize("engine", ENGINES)
def test_exchanges_leave_nothing_behind(engine: Engine) -> None:
    book = lua_book(
        """
        on.request(function(req, ctx) ctx.x = req.headers.host .. req.client.ip end)
        on.log(function(req, ctx, record) local x = record.status end)""",
        engine=engine,
    )
    runtime = book.generation.runtime

    def many() -> int:
        for _ in range(300):
            x = exchange()
            asked(book, "request", x)
            asked(book, "log", x)
        assert not runtime.crowded  # it collects
        return runtime.memory

    many()
    assert abs(many() - many()) < 5_000


def test_it_knows_whose_function_is_at_which_place() -> None:
    runtime = lua_book(
        "on.request(function() end)", "on.request(function() end) on.request(function() end)"
    ).generation.runtime
    assert [runtime.file_of("request", place) for place in (1, 2, 3, 4)] == [1, 2, 2, 0]
    runtime.switch(1, False)
    assert [runtime.file_of("request", place) for place in (1, 2, 3)] == [2, 2, 0]
    runtime.switch(1, True)
    assert runtime.file_of("request", 1) == 1
