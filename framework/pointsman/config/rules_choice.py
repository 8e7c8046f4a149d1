"""The ``rules`` of a virtual service: a list of rules in place, files, and what plugins offer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationError, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from pointsman.config.choice import (
    PLACEHOLDER,
    Chosen,
    Reading,
    checked,
    kind_and_options,
    offered,
    reading_of,
)
from pointsman.config.nearest import nearest
from pointsman.config.problems import Nested, fault, nested, shown

# The kind of an entry that does not name its kind.
DEFAULT_RULE = "route"
# The option that the name of a file becomes.
FILE = "file"


def _rules(raw: object, info: ValidationInfo) -> tuple[Chosen, ...]:
    if not isinstance(raw, list | tuple):
        raise fault(f"expected a list of rules, got {shown(raw)}")
    reading = reading_of(info)
    chosen: list[Chosen] = []
    wrong: list[Nested | PydanticCustomError] = []
    for place, entry in enumerate(raw):
        try:
            kind, options = _kind_and_options(entry, reading)
            offer = offered(reading.registry.rulebooks, kind, "kind of rule", entry, reading)
        except PydanticCustomError as error:
            told = error.context or {}
            wrong.append(fault(told["message"], told["hint"], [place, *told["at"]]))
            continue
        try:
            chosen.append(Chosen(offer, checked(offer, options, reading)))
        except ValidationError as error:
            wrong.append(Nested(error, offer.settings, (place,), ["kind"]))
    if wrong:
        raise nested(wrong)
    return tuple(chosen)


def _kind_and_options(entry: object, reading: Reading) -> tuple[str, dict[str, Any]]:
    known = reading.registry.rulebooks
    if isinstance(entry, str) and entry not in known:
        kind = PurePath(entry).suffix.removeprefix(".")
        if kind in known:
            return kind, {FILE: entry}
        files = [f"NAME.{name}" for name, o in known.items() if FILE in o.settings.model_fields]
        expected = f"a file ({', '.join(files)}) or a mapping" if files else "a mapping"
        raise fault(f"expected {expected}, got {shown(entry)}", nearest(entry, known))
    if isinstance(entry, str | Mapping):
        return kind_and_options(entry, "a rule", DEFAULT_RULE)
    raise fault(f"expected the name of a file, or a mapping, got {shown(entry)}")


RulesChoice = Annotated[
    tuple[Chosen, ...],
    PlainValidator(_rules),
    WithJsonSchema({"type": "array", "items": {PLACEHOLDER: "rulebooks"}}),
]
