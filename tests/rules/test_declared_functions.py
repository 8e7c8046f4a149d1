"""Functions and methods that are declared are those that there are, on each Lua."""

import pytest

from kit.lua_rules import ENGINES, asked, exchange, lab_room, lua_book
from pointsman_rules.declared_functions import GLOBALS, LIBRARIES, METHODS, PLAIN, VERBS
from pointsman_rules.limits import Engine
from pointsman_rules.lists import ListSettings, RuleList

OBJECTS = {
    "RuleTable": "tables.hits", "RuleList": "lists.l", "Pool": "pools.web",
    "Server": "pools.web:servers()[1]", "Expression": "text.re('x')", "Headers": "req.headers",
    "Cookies": "req.cookies", "Arguments": "req.args", "SetCookies": "res.cookies",
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_declared_is_there(engine: Engine) -> None:
    names = [one.name for one in (*VERBS, *GLOBALS)]
    names += [f"{library}.{one.name}" for library, some in LIBRARIES.items() for one in some]
    lua_book("\n".join(f"assert(type({n}) == 'function', '{n}')" for n in names), engine=engine)
    checks = [
        f"assert(type(({OBJECTS[kind]}).{one.name}) == 'function', '{kind}.{one.name}')"
        for kind, methods in METHODS.items()
        for one in methods
        if kind in OBJECTS
    ]
    assert {*METHODS} - {*OBJECTS} == {"Probe"}  # which is given to on.health
    one = RuleList("l", ListSettings(values=["a"]), None)
    told = "\n".join(checks)
    book = lua_book(
        f"on.response(function(req, res) {told} return respond(200) end)",
        engine=engine,
        lists={"l": one},
    )
    book.start(lab_room("a"))
    assert asked(book, "response", exchange()) is not None, book.failures.latest
    book.stop()


def test_what_is_there_is_declared() -> None:
    library = lua_book("local x").generation.runtime.library
    for name, functions in LIBRARIES.items():
        assert library[name] - {"null"} == {one.name for one in functions}, name
    for name, kind in (
        ("table_methods", "RuleTable"), ("list_methods", "RuleList"), ("pool_methods", "Pool"),
        ("server_methods", "Server"), ("re_methods", "Expression"), ("probe_methods", "Probe"),
    ):  # fmt: skip
        if name in library:
            assert library[name] == {one.name for one in METHODS[kind]}, name
    ours = {*library} - {name for name in library if name.endswith("_methods") or "." in name}
    assert ours == {*LIBRARIES} | {"string", "table", "coroutine", "math"}


def test_types_that_are_named_are_told() -> None:
    known = {*METHODS, *PLAIN}
    for functions in (VERBS, GLOBALS, *LIBRARIES.values(), *METHODS.values()):
        for one in functions:
            for word in (one.returns + " " + one.parameters).replace("|", " ").split():
                name = word.strip("[]?,.")
                assert not name[:1].isupper() or name in known, (one.name, name)
