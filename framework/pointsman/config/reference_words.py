"""Nodes of a JSON Schema in words: what a key takes, its default, an example, as YAML has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pointsman.contracts.written import EXAMPLE, WRITTEN

Node = Mapping[str, Any]

NONE = "none"
REQUIRED = "required"
BELOW = "see there"

# Above it a limit says only that numbers end somewhere.
_ENDLESS = 2**31
# Text that YAML reads as this very text within `[...]` and `{...}`: words, and numbers with a unit.
_PLAIN = (
    re.compile(r"(?!(?i:true|false|null)$)[A-Za-z/_][A-Za-z0-9/*._+%-]*(?: [A-Za-z0-9._-]+)*"),
    re.compile(r"[0-9]+(?:ms|[smhd%]|B|[KMG]iB|[kMG]B)"),
    re.compile(r"[0-9]+(?:\.[0-9]+){3}(?:[:/][0-9]+)?"),
)
# What a type begins with: `number` of `number from 0`, `list` of `list of texts`.
_NOUN = re.compile(r"[a-z]+(?= (?:from|above|to|of|with) |,|$)|decimal number")


def flow(value: object) -> str:
    """A value as YAML in one line.

    >>> flow({"env": "PASSWORD", "tries": 3, "on": [502, "a: b", True]})
    '{env: PASSWORD, tries: 3, on: [502, "a: b", true]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if isinstance(value, str) and any(plain.fullmatch(value) for plain in _PLAIN):
        return value
    return json.dumps(value, ensure_ascii=False)


def code(value: object) -> str:
    """The same as code, for a cell of a table."""
    return "`" + flow(value).replace("|", "\\|") + "`"


def alternatives(words: Iterable[str]) -> str:
    """``a, b or c``; each once."""
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last


def what_it_takes(node: Node, linked: Callable[[str], str]) -> str:
    """The type of a value.

    Args:
        node: its schema.
        linked: what to say of a reference (``$ref``).
    """
    if written := node.get(WRITTEN):
        return str(written)
    if "$ref" in node:
        return linked(node["$ref"])
    if "const" in node:
        return code(node["const"])
    if "enum" in node:
        return alternatives(code(each) for each in node["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in node:
            parts = (
                what_it_takes(part, linked) for part in node[key] if part.get("type") != "null"
            )
            return alternatives(parts)
    kind = node.get("type", "anything")
    if isinstance(kind, list):
        return alternatives(what_it_takes({**node, "type": each}, linked) for each in kind)
    if kind in ("integer", "number"):
        return _number(node)
    if kind == "array":
        return f"list of {_several(what_it_takes(node.get('items', {}), linked))}"
    if kind == "object":
        values = node.get("additionalProperties")
        inner = what_it_takes(values, linked) if isinstance(values, Mapping) else "anything"
        return f"names, each with: {inner}"
    return {"string": "text", "boolean": "`true` or `false`"}.get(kind, str(kind))


def _number(node: Node) -> str:
    words = "number" if node["type"] == "integer" else "decimal number"
    if "minimum" in node:
        words += f" from {node['minimum']}"
    elif "exclusiveMinimum" in node:
        words += f" above {node['exclusiveMinimum']}"
    if node.get("maximum", _ENDLESS) < _ENDLESS:
        words += f" to {node['maximum']}"
    return words


def _several(what: str) -> str:
    found = _NOUN.match(what)
    if found is None:
        return what
    return found[0] + ("es" if found[0].endswith("s") else "s") + what[found.end() :]


def default_of(node: Node, required: bool, model: bool) -> str:
    """What holds if the key is left out.

    Args:
        node: the schema of its value.
        required: it cannot be left out.
        model: it is a mapping whose keys have defaults of their own.
    """
    if required:
        return REQUIRED
    value = node.get("default")
    if model and (value is None or isinstance(value, Mapping)):
        return BELOW
    if value is None or value in ("", [], {}):
        return NONE
    return "`0`" if value == "0" else code(value)


def example_of(node: Node) -> Any:
    """A value that could stand there, other than the default if one is known; None for none."""
    default = node.get("default")
    found = _example(node, default)
    return (default or None) if found is None else found


def _example(node: Node, default: Any) -> Any:
    if node.get("examples"):
        return node["examples"][0]
    if WRITTEN in node:
        return node.get(EXAMPLE) if default in (None, "", [], {}) else None
    if "const" in node:
        return None if node["const"] == default else node["const"]
    if "enum" in node:
        others = [each for each in node["enum"] if each != default]
        return others[0] if others else None
    for key in ("anyOf", "oneOf", "allOf"):
        for part in node.get(key, ()):
            if (found := _example(part, default)) is not None:
                return found
    if node.get("type") == "boolean":
        return default is not True
    if node.get("type") == "array" and (found := _example(node.get("items", {}), None)) is not None:
        return [found]
    return None
