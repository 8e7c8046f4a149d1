"""The reference of the configuration in Markdown, made of its JSON Schema: every key there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pointsman.config.jsonschema import schema_with_words
from pointsman.config.offered import Offered
from pointsman.config.reference_words import (
    Node,
    default_of,
    example_of,
    flow,
    what_it_takes,
)
from pointsman.config.registry import Registry
from pointsman.config.schema_health import TimingSection
from pointsman.config.schema_persistence import PersistenceSection

_DEFS = "#/$defs/"
_NAME = "NAME"

_INTRODUCTION = """\
# Configuration reference

Every key of the configuration, as the program knows it: what it takes, what holds without it, an
example. The [guide](configuration.md) tells how they go together. This page is made by the program,
so do not edit it: `pointsman schema --markdown` prints it, with what your own plugins add.

A key is named by its path: `pools.NAME.servers.NAME.weight` is `weight` of one server of one pool,
where `NAME` stands for names of yours. *none* as a default means that the key has no effect if it
is left out, *see there* that the defaults of the keys below it hold.

| word | is written |
|---|---|
| duration | a number with its unit: `250ms`, `9s`, `20m`, `1.5h`, `1m30s`, `2d`, or `0` |
| size | a number with its unit: `512B`, `64KiB` (1024 bytes each), `10kB` (1000 each), or `0` |
| percent | a whole number from 0 to 100 with its sign: `50%` |
| address | `host:port`, `[2001:db8::1]:443` or `unix:/path` |
| address to listen on | the same with an IP address, or `"*:443"` for all of them |
| network | `10.0.0.0/8`, `2001:db8::/32`, or one address |
| secret | where it is found, never itself: `{env: NAME}` or `{file: PATH}` |
| text with placeholders | [`{host}` and others](rules.md#what-rules-do) are filled in |
| list of ... | `[a, b]`, or one a line after `- ` |
"""


class _Family(NamedTuple):
    """A choice among what plugins offer.

    Attributes:
        key: under which it is written.
        one: what one of it is called.
        page: where it is told of.
        beside: keys that every kind of it has, and which are told once.
    """

    key: str
    one: str
    page: str
    beside: tuple[str, ...] = ()


_FAMILIES: Mapping[str, _Family] = {
    "schedulers": _Family("scheduling", "scheduler", "scheduling.md"),
    "persistences": _Family(
        "persistence", "persistence", "persistence.md", (*PersistenceSection.model_fields,)
    ),
    "tables": _Family("table", "table of pins", "persistence.md#tables"),
    "health_checks": _Family(
        "health", "health check", "health-checks.md", (*TimingSection.model_fields,)
    ),
    "tls_modes": _Family("tls", "TLS mode", "tls.md"),
    "rulebooks": _Family("rules", "kind of rule", "rules.md"),
}


@dataclass(slots=True)
class _Section:
    """The keys that stand in one place, or in several alike.

    Attributes:
        heading: unlike all others.
        node: its schema.
        places: paths where it may stand.
        hidden: keys that are told elsewhere.
    """

    heading: str
    node: Node
    places: list[str] = field(default_factory=list)
    hidden: tuple[str, ...] = ()


def reference(registry: Registry) -> str:
    """The whole page.

    Args:
        registry: what plugins offer is in it as well.
    """
    return _Page(schema_with_words(registry), registry).text()


def rows(registry: Registry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every key that the page tells of, by its path, with its schema."""
    for section in _Page(schema_with_words(registry), registry).sections:
        for key, node in section.node["properties"].items():
            if key not in section.hidden:
                yield f"{section.heading}: {key}", node


class _Page:
    def __init__(self, made: Node, registry: Registry) -> None:
        self._definitions: Mapping[str, Any] = made["$defs"]
        self._registry = registry
        self._known: dict[str, _Section] = {}  # by what they are
        self.sections: list[_Section] = []
        self._families: dict[str, list[str]] = {name: [] for name in _FAMILIES}
        self._add("Top level", made, "", ())
        for name in _FAMILIES:
            self._offered(name)

    # ---- finding ----

    def _add(self, heading: str, node: Node, path: str, hidden: tuple[str, ...]) -> _Section:
        section = _Section(heading, node, [path] if path else [], hidden)
        self.sections.append(section)
        self._known[_identity(node)] = section
        for key, value in node["properties"].items():
            if key not in hidden:
                self._look(f"{path}.{key}" if path else key, value)
        return section

    def _look(self, path: str, node: Node) -> None:
        """Find the models below a value."""
        if "$ref" in node:
            self._refer(path, node["$ref"].removeprefix(_DEFS))
        for key in ("anyOf", "oneOf", "allOf"):
            for part in node.get(key, ()):
                self._look(path, part)
        if isinstance(node.get("items"), Mapping):
            self._look(path, node["items"])
        if isinstance(node.get("additionalProperties"), Mapping):
            self._look(f"{path}.{_NAME}", node["additionalProperties"])

    def _refer(self, path: str, name: str) -> None:
        if name in _FAMILIES:
            if path not in self._families[name]:
                self._families[name].append(path)
            return
        node = self._definitions[name]
        if "properties" not in node:
            return
        section = self._known.get(_identity(node))
        if section is None:
            self._add(f"`{path}`", node, path, ())
        elif path not in section.places and not _within_itself(path, section):
            section.places.append(path)

    def _offered(self, name: str) -> None:
        family, offers = _FAMILIES[name], _offers(self._registry, name)
        branches = [b for b in self._definitions[name]["anyOf"] if b.get("title") in offers]
        if family.beside and branches:
            common = {key: branches[0]["properties"][key] for key in family.beside}
            heading = f"`{family.key}`, every kind"
            self._add(heading, {"title": heading, "properties": common}, family.key, ())
        for branch in branches:
            refused = [key for key, value in branch["properties"].items() if "not" in value]
            hidden = ("kind", "mode", *family.beside, *refused)
            heading = f"{family.key} `{branch['title']}`"
            if set(branch["properties"]) - set(hidden):
                self._add(heading, branch, family.key, hidden)

    # ---- telling ----

    def text(self) -> str:
        parts = [_INTRODUCTION, self._contents()]
        told: set[str] = set()
        for section in self.sections:
            family = next((f for f in _FAMILIES.values() if section.places[:1] == [f.key]), None)
            if family is not None and family.key not in told:
                told.add(family.key)
                parts.append(self._family(family))
            parts.append(self._section(section, family))
        return "\n".join(parts)

    def _contents(self) -> str:
        """Where the long ones begin."""
        long = ["Top level", "`pools.NAME`", "`virtual_services.NAME`"]
        links = [f"[{heading.strip('`')}](#{_anchor(heading)})" for heading in long]
        links += [
            f"[{family.key}](#{_anchor(f'{family.one}: `{family.key}`')})"
            for name, family in _FAMILIES.items()
            if _offers(self._registry, name)
        ]
        return f"Go to: {', '.join(links)}.\n"

    def _family(self, family: _Family) -> str:
        name = next(name for name, each in _FAMILIES.items() if each is family)
        offers = _offers(self._registry, name)
        lines = [f"## {family.one}: `{family.key}`", ""]
        stands = ", ".join(f"`{path}`" for path in self._families[name]) or f"`{family.key}`"
        lines += [f"Stands at {stands}. More on it: [{family.page}]({family.page}).", ""]
        lines += [f"| {family.one} | |", "|---|---|"]
        headings = {section.heading for section in self.sections}
        for kind, offer in offers.items():
            heading = f"{family.key} `{kind}`"
            linked = f"[`{kind}`](#{_anchor(heading)})" if heading in headings else f"`{kind}`"
            lines.append(f"| {linked} | {_cell(offer.doc)} |")
        return "\n".join([*lines, ""])

    def _section(self, section: _Section, family: _Family | None) -> str:
        level = "##" if not section.heading.startswith("`") and family is None else "###"
        lines = [f"{level} {section.heading}", ""]
        intro = _sentence(section.node.get("description", ""))
        if section.places and section.heading != f"`{section.places[0]}`" and family is None:
            intro += f" Stands at {_paths(section.places)}."
        elif len(section.places) > 1:
            intro += f" The same at {_paths(section.places[1:])}."
        if intro.strip():
            lines += [intro.strip(), ""]
        keys = {k: v for k, v in section.node["properties"].items() if k not in section.hidden}
        kind = section.node.get("title", "")
        if family is not None and not section.heading.endswith("every kind"):
            lines += [_shortest(family, kind, section.node), ""]
        if keys:
            lines += ["| key | takes | default | example | |", "|---|---|---|---|---|"]
            lines += [self._row(key, node, section.node) for key, node in keys.items()]
            lines.append("")
        return "\n".join(lines)

    def _row(self, key: str, node: Node, of: Node) -> str:
        takes = what_it_takes(node, self._linked)
        default = default_of(node, key in of.get("required", ()), self._is_model(node))
        example = example_of(node)
        shown = f"`{key}: {_cell(flow(example))}`" if example is not None else ""
        return f"| `{key}` | {takes} | {default} | {shown} | {_cell(node.get('description', ''))} |"

    def _is_model(self, node: Node) -> bool:
        name = node.get("$ref", "").removeprefix(_DEFS)
        return name not in _FAMILIES and "properties" in self._definitions.get(name, {})

    def _linked(self, ref: str) -> str:
        name = ref.removeprefix(_DEFS)
        if name in _FAMILIES:
            family = _FAMILIES[name]
            return f"[{family.one}](#{_anchor(f'{family.one}: `{family.key}`')})"
        node = self._definitions[name]
        section = self._known.get(_identity(node))
        if section is None:
            return what_it_takes(node, self._linked)
        return f"[mapping](#{_anchor(section.heading)})"


def _offers(registry: Registry, family: str) -> Mapping[str, Offered]:
    offers: Mapping[str, Offered] = getattr(registry, family)
    return offers


def _identity(node: Node) -> str:
    """The same for models that are the same, though two plugins define them."""
    text = json.dumps({key: node.get(key) for key in ("title", "properties")}, sort_keys=True)
    return re.sub(r"#/\$defs/[^\"]*?([^.\"]+)\"", r'\1"', text)


def _within_itself(path: str, section: _Section) -> bool:
    return any(path.startswith(f"{place}.") for place in section.places)


def _anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-")


def _shortest(family: _Family, kind: str, node: Node) -> str:
    """How it is written with what it needs."""
    needed = [key for key in node.get("required", ()) if key not in ("kind", "mode")]
    needed = [key for key in needed if key not in family.beside and key != "timeout"]
    word = "mode" if family.key == "tls" else "kind"
    options = {word: kind, **{key: example_of(node["properties"][key]) for key in needed}}
    if family.key == "rules":
        short = "" if word in node.get("required", ()) else ", where `kind` may be left out"
        return f"Written `rules: [{flow(options)}]`{short}."
    if needed:
        return f"Written `{family.key}: {flow(options)}`."
    return (
        f"Written `{family.key}: {kind}`, or with options `{family.key}: {{{word}: {kind}, ...}}`."
    )


def _paths(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _sentence(text: str) -> str:
    text = " ".join(text.split()).replace("``", "`")
    return text[:1].upper() + text[1:].removesuffix(".") + ("." if text else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|").removesuffix(".")
