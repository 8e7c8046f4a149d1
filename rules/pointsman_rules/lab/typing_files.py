"""Definitions for editors (LuaLS), made from the declarations of the rule API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pointsman_rules.declarations import EVENTS, OBJECTS, Function
from pointsman_rules.declared_functions import GLOBALS, LIBRARIES, METHODS, PLAIN, VERBS

_CLASSES = {
    "req": "Req", "res": "Res", "up": "Up", "client": "Client", "tls": "Tls", "record": "Record",
}  # fmt: skip
# What may be read and written by any name.
_BY_NAME = {"Headers", "Cookies", "Arguments", "SetCookies"}
_VERB_RETURNS = {"text": "string"}


def luarc() -> str:
    """The `.luarc.json` that lets the editor know them."""
    told = {
        "runtime.version": "Lua 5.1",
        "runtime.builtin": {
            name: "disable"
            for name in ("io", "os", "package", "debug", "ffi", "jit", "utf8", "bit")
        },
        "workspace.library": ["types"],
        "diagnostics.disable": ["lowercase-global"],
    }
    return json.dumps(told, indent=2) + "\n"


def definitions() -> str:
    """The definitions, as one file of Lua that is never run."""
    return "\n".join(["---@meta", "", *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    for name, one in _CLASSES.items():
        yield f"---@class {one}"
        for field in OBJECTS[name]:
            yield f"---@field {field.name} {field.kind} {field.doc}"
        yield ""
    for kind, methods in METHODS.items():
        yield f"---@class {kind}"
        for name, type_ in PLAIN.get(kind, {}).items():
            yield f"---@field {name} {type_}"
        if kind in _BY_NAME:
            yield "---@field [string] string|nil"
        yield f"local {kind} = {{}}"
        yield ""
        for method in methods:
            yield from _function(method, f"{kind}:")
    for kind, fields in PLAIN.items():
        if kind not in METHODS:
            yield f"---@class {kind}"
            for name, type_ in fields.items():
                yield f"---@field {name} {type_}"
            yield ""
    yield from _events()
    for verb in (*VERBS, *GLOBALS):
        yield from _function(verb, "")
    for name, functions in LIBRARIES.items():
        yield f"{name} = {{}}"
        yield ""
        for function in functions:
            yield from _function(function, f"{name}.")
    for name, type_ in (
        ("tables", "table<string, RuleTable>"), ("lists", "table<string, RuleList>"),
        ("pools", "table<string, Pool>"), ("config", "table"), ("shared", "table"),
    ):  # fmt: skip
        yield f"---@type {type_}"
        yield f"{name} = {{}}"
        yield ""


def _events() -> Iterator[str]:
    yield "---@class On"
    for event in EVENTS:
        returns = {_VERB_RETURNS.get(verb, "Verb") for verb in event.verbs}
        told = "|".join([*sorted(returns), "nil"]) if returns else "nil"
        arguments = event.arguments
        waits = "async " if event.waits else ""
        yield f"---@field {event.name} fun(f: {waits}fun({arguments}): {told}) {event.doc}"
    yield "on = {}"
    yield ""


def _function(one: Function, before: str) -> Iterator[str]:
    yield f"---{one.doc}"
    if one.waits:
        yield "---@async"
    names: list[str] = []
    for parameter in _parameters(one.parameters):
        name, _, type_ = parameter.partition(":")
        names.append(name.strip().rstrip("?"))
        yield f"---@param {name.strip()} {type_.strip()}"
    if one.returns:
        yield f"---@return {one.returns}"
    yield f"function {before}{one.name}({', '.join(names)}) end"
    yield ""


def _parameters(told: str) -> Sequence[str]:
    """Parameters, apart at commas that stand in no brackets."""
    parts, depth, word = [], 0, ""
    for c in told + ",":
        depth += (c in "{<(") - (c in "}>)")
        if c == "," and not depth:
            parts.append(word.strip())
            word = ""
        else:
            word += c
    return [part for part in parts if part]
