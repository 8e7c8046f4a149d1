"""The files of the prelude."""

from pathlib import Path

import lupa.lua54
import pytest

from kit.lua_rules import ENGINES, asked, exchange, lua_book
from pointsman.model.decision import Respond
from pointsman_rules import prelude_files
from pointsman_rules.limits import Engine


def test_all_of_them_are_run_and_each_says_what_it_is_for() -> None:
    folder = Path(prelude_files.__file__).parent / "prelude"
    assert {path.stem for path in folder.glob("*.lua")} == {
        *prelude_files.ORDER,
        *prelude_files.PARTS,
    }
    for name, text in prelude_files.prelude():
        assert text.startswith(b"-- "), name
        assert len(text.splitlines()) <= 500, name


def test_it_leaves_nothing_of_itself_in_the_globals() -> None:
    before = set(lupa.lua54.LuaRuntime().globals())
    book = lua_book("local x")
    after = set(book.generation.runtime._lua.globals())
    assert after <= before


@pytest.mark.parametrize("engine", ENGINES)
def test_what_few_rules_want_is_run_once_it_is_asked_for(engine: Engine) -> None:
    few, all_of_them = (
        lua_book(source, engine=engine).generation.runtime
        for source in ("local x = 1", "local a = {json, bit, lists, text, sleep, sleep, http}")
    )
    assert few.memory + 30_000 < all_of_them.memory
    book = lua_book(
        """on.request(function()
          assert(_G["js" .. "on"].encode({1}) == "[1]" and _G["no" .. "thing"] == nil)
          assert(not pcall(function() json.encode = 1 end))
          assert(_G["b" .. "it"].band(6, 3) == 2 and json == _G.json)
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    assert asked(book, "request", exchange()) == Respond(200, b"fine", []), book.failures.latest
