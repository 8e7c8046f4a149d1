"""Definitions for editors."""

import json

import lupa.lua54

from pointsman_rules.declarations import EVENTS, OBJECTS
from pointsman_rules.declared_functions import GLOBALS, LIBRARIES, METHODS, VERBS
from pointsman_rules.lab.typing_files import definitions, luarc


def test_they_are_lua() -> None:
    lupa.lua54.LuaRuntime().execute(definitions())


def test_everything_that_is_declared_is_in_them() -> None:
    told = definitions()
    for name, functions in LIBRARIES.items():
        for one in functions:
            assert f"function {name}.{one.name}(" in told
    for kind, methods in METHODS.items():
        for one in methods:
            assert f"function {kind}:{one.name}(" in told
    for one in (*VERBS, *GLOBALS):
        assert f"function {one.name}(" in told
    for fields in OBJECTS.values():
        for field in fields:
            assert f"---@field {field.name} {field.kind} " in told
    for event in EVENTS:
        assert f"---@field {event.name} fun(" in told
    assert "---@async\n---@param duration" in told


def test_the_editor_is_told_where_they_are() -> None:
    assert json.loads(luarc())["workspace.library"] == ["types"]
