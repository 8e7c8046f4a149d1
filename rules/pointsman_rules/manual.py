"""The tables of the manual page, made from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pointsman_rules.declarations import EVENTS, OBJECTS, Field, Function
from pointsman_rules.declared_functions import GLOBALS, LIBRARIES, METHODS, VERBS

_TYPES = {
    "RuleTable": "tables.NAME",
    "RuleList": "lists.NAME",
    "Pool": "pools.NAME",
    "Server": "server",
    "Probe": "probe",
    "Expression": "text.re(...)",
    "Headers": "headers",
    "Cookies": "req.cookies",
    "Arguments": "req.args",
    "SetCookies": "res.cookies",
}


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
                     for row in lines)  # fmt: skip


def _names(parameters: str) -> str:
    """The names of parameters, without their types."""
    names, depth, word = [], 0, ""
    for c in parameters + ",":
        depth += c in "{<(" and 1
        depth -= c in "}>)" and 1
        if c == "," and not depth:
            names.append(word.partition(":")[0].strip())
            word = ""
        else:
            word += c
    return ", ".join(name for name in names if name)


def events() -> str:
    """One row for each event."""
    return _rows(
        ("event", "function is given", "when", "may return", "may wait"),
        [
            (
                f"`{e.name}`",
                f"`{_names(e.arguments)}`" if e.arguments else "",
                e.doc,
                ", ".join("a string" if verb == "text" else f"`{verb}`" for verb in e.verbs),
                "yes" if e.waits else "no",
            )
            for e in EVENTS
        ],
    )


def _functions(functions: Sequence[Function], before: str) -> str:
    return _rows(
        ("", "returns", ""),
        [
            (
                f"`{before}{one.name}({_names(one.parameters)})`",
                f"`{one.returns}`" if one.returns else "",
                one.doc + (" (waits)" if one.waits else ""),
            )
            for one in functions
        ],
    )


def _fields(fields: Sequence[Field], name: str) -> str:
    return _rows(
        ("field", "type", ""),
        [
            (
                f"`{name}.{one.name}`",
                f"`{one.kind}`",
                one.doc + (" (may be written)" if one.writable else ""),
            )
            for one in fields
        ],
    )


def tables() -> str:
    """All tables, each under its heading, as they stand in the manual."""
    parts = ["### Events", events(), "### Verbs", _functions(VERBS, "")]
    for name, fields in OBJECTS.items():
        parts += [f"### {name}", _fields(fields, name)]
    for name, methods in METHODS.items():
        parts += [f"### {_TYPES[name]}", _functions(methods, ":")]
    parts += ["### Functions", _functions(GLOBALS, "")]
    for name, functions in LIBRARIES.items():
        parts += [f"### {name}", _functions(functions, f"{name}.")]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(tables(), end="")
