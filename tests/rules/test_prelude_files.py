"""The files of the prelude."""

from pathlib import Path

import lupa.lua54

from pointsman_rules import prelude_files


def test_all_of_them_are_run_and_each_says_what_it_is_for() -> None:
    folder = Path(prelude_files.__file__).parent / "prelude"
    assert {path.stem for path in folder.glob("*.lua")} == {*prelude_files.ORDER}
    for name, text in prelude_files.prelude():
        assert text.startswith(b"-- "), name
        assert len(text.splitlines()) <= 500, name


def test_it_leaves_nothing_of_itself_in_the_globals() -> None:
    before = set(lupa.lua54.LuaRuntime().globals())
    from kit.lua_rules import lua_book

    book = lua_book("local x")
    after = set(book.generation.runtime._lua.globals())
    assert after <= before
