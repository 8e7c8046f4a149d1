"""The JSON Schema of the configuration for editors, with what the loaded plugins add to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pointsman.config.choice import NONE, PLACEHOLDER, TABLE
from pointsman.config.offered import Offered
from pointsman.config.registry import Registry
from pointsman.config.rules_choice import DEFAULT_RULE
from pointsman.config.schema import VERSION
from pointsman.config.schema_health import BY_PORT, DEFAULT_CHECK, TimingSection
from pointsman.config.schema_persistence import SHARE_WITH, PersistenceSection
from pointsman.config.sections import document_with
from pointsman.contracts.written import EXAMPLE, WRITTEN
from pointsman.model.units import format_duration, format_size

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Names that are no plugin's.
_OUR_NAMES: Mapping[str, tuple[str, ...]] = {
    "persistences": (NONE,),
    "health_checks": (NONE, BY_PORT),
    "tls_modes": (NONE,),
}
# What ``kind`` is called in a family, where it is called otherwise.
_KIND = {"tls_modes": "mode"}
_REF = "#/$defs/{}"
# How numbers are written that have a unit.
_FORMS: Mapping[Any, Callable[[Any], str]] = {"duration": format_duration, "size": format_size}


def schema(registry: Registry) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the whole file.

    Args:
        registry: what plugins offer; every kind becomes a branch with its own options.
    """
    made = schema_with_words(registry)
    _strip(made)
    return made


def schema_with_words(registry: Registry) -> dict[str, Any]:
    """The same with what only people are told (`contracts.Written`)."""
    model = document_with(registry)
    made = model.model_json_schema(mode="validation", ref_template=_REF.format("{model}"))
    definitions: dict[str, Any] = made.setdefault("$defs", {})
    families = {
        "schedulers": registry.schedulers,
        "persistences": registry.persistences,
        "health_checks": registry.health_checks,
        "tables": registry.tables,
        "tls_modes": registry.tls_modes,
        "rulebooks": registry.rulebooks,
    }
    for family, offers in families.items():
        definitions[family] = _choice(family, offers, definitions)
    _fill_placeholders(made)
    _write_defaults(made)
    made["properties"]["version"] = {"const": VERSION, "description": "version of this format"}
    made["properties"]["include"] = _one_or_more(made["properties"]["include"])
    made["required"] = sorted({*made.get("required", ()), "version"})
    return {"$schema": DIALECT, **made}


def _choice(
    family: str, offers: Mapping[str, Offered], definitions: dict[str, Any]
) -> dict[str, Any]:
    """A name, or a mapping with ``kind`` and the options of that kind."""
    names = list(dict.fromkeys([*offers, *_OUR_NAMES.get(family, ())]))
    branches: list[dict[str, Any]] = [{"type": "string", "enum": names}]
    if family == "rulebooks":
        branches = [{"type": "string"}]  # of a file
    for name, offer in offers.items():
        options = offer.settings.model_json_schema(
            mode="validation", ref_template=_REF.format(f"{family}.{name}.{{model}}")
        )
        for inner, definition in options.pop("$defs", {}).items():
            definitions[f"{family}.{name}.{inner}"] = definition
        branches.append(_branch(family, name, offer, options))
    if family == "persistences":
        of_another = PersistenceSection.model_json_schema(mode="validation")["properties"]
        branches.append(
            {
                "title": SHARE_WITH,
                "type": "object",
                "properties": {SHARE_WITH: of_another[SHARE_WITH]},
                "required": [SHARE_WITH],
                "additionalProperties": False,
            }
        )
    return {"anyOf": branches}


def _branch(family: str, name: str, offer: Offered, options: dict[str, Any]) -> dict[str, Any]:
    kind = _KIND.get(family, "kind")
    properties: dict[str, Any] = {kind: {"const": name}, **options.get("properties", {})}
    required = [kind, *options.get("required", ())]
    if family == "health_checks":
        common = TimingSection.model_json_schema(mode="validation")
        properties = {**properties, **common["properties"]}
        if name == DEFAULT_CHECK or offer.ports:
            required.remove("kind")
    if family == "rulebooks" and name == DEFAULT_RULE:
        required.remove("kind")
    if family == "persistences":
        common = PersistenceSection.model_json_schema(mode="validation")
        properties = {**properties, **common["properties"]}
        told = properties.get(TABLE, {}).get("description", "where pins are kept, if it keeps any")
        properties[TABLE] = {
            "$ref": _REF.format("tables"),
            "description": told,
            "examples": ["memory"],
        }
    if family == "tables":  # what the persistence gives its table is written there
        for given in ("timeout", "max_age"):
            properties.pop(given, None)
            if given in required:
                required.remove(given)
    branch = {**options, "type": "object", "properties": properties, "required": required}
    branch["title"] = name
    if offer.doc:
        branch["description"] = offer.doc
    return branch


def _fill_placeholders(node: Any) -> None:
    """Point each choice at its definition."""
    if isinstance(node, dict):
        family = node.pop(PLACEHOLDER, None)
        if family is not None:
            node["$ref"] = _REF.format(family)
        for value in node.values():
            _fill_placeholders(value)
    elif isinstance(node, list):
        for value in node:
            _fill_placeholders(value)


def _write_defaults(node: Any) -> None:
    """Give defaults that are numbers in Python the unit with which they are written in YAML."""
    if isinstance(node, dict):
        default = node.get("default")
        if isinstance(default, int | float) and not isinstance(default, bool):
            form = _FORMS.get(node.get(WRITTEN))
            node["default"] = form(default) if form is not None else default
        for value in node.values():
            _write_defaults(value)
    elif isinstance(node, list):
        for value in node:
            _write_defaults(value)


def _strip(node: Any) -> None:
    """Take out what only people are told."""
    if isinstance(node, dict):
        node.pop(WRITTEN, None)
        node.pop(EXAMPLE, None)
        for value in node.values():
            _strip(value)
    elif isinstance(node, list):
        for value in node:
            _strip(value)


def _one_or_more(many: dict[str, Any]) -> dict[str, Any]:
    return {**many, "type": ["string", "array"]}
