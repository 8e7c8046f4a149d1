"""The ``persistence`` of a pool: a kind with its options, and the keys that every kind has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from pointsman.config.choice import (
    NONE,
    PLACEHOLDER,
    TABLE,
    Chosen,
    Reading,
    TableChoice,
    checked,
    kind_and_options,
    offered,
    reading_of,
)
from pointsman.config.problems import Nested, fault, nested
from pointsman.contracts import Settings

FALLBACK = "fallback"
SHARE_WITH = "share_with"

_PATTERN = re.compile(r"[/*][\x21-\x7e]*")


def _pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text):
        raise ValueError(
            f"expected a path like /static/* or *.png, in which * stands for anything, got {text!r}"
        )
    return text


def _fallback(raw: object, info: ValidationInfo) -> tuple[Chosen, ...]:
    """The kinds that come after the first, in order."""
    if raw is None or raw == NONE:
        return ()
    reading = reading_of(info)
    kind, options = kind_and_options(raw, "a persistence")
    wrong: list[Nested | PydanticCustomError] = []
    for key in options:
        if key in PersistenceSection.model_fields and key != FALLBACK:
            hint = "write it beside the first `kind`"
            wrong.append(
                fault(f"`{key}` is of the whole chain, not of one kind in it", hint, [key])
            )
    further: tuple[Chosen, ...] = ()
    try:
        further = _fallback(options.pop(FALLBACK, None), info)
    except PydanticCustomError as error:
        wrong.append(_below(error))
    options = {
        key: value for key, value in options.items() if key not in PersistenceSection.model_fields
    }
    chosen = _chosen(kind, options, raw, reading, wrong)
    if wrong or chosen is None:
        raise nested(wrong)
    return (chosen, *further)


Fallback = Annotated[
    tuple[Chosen, ...] | None,
    PlainValidator(_fallback),
    WithJsonSchema({PLACEHOLDER: "persistences"}),
]
PathPattern = Annotated[str, AfterValidator(_pattern)]


class PersistenceSection(Settings):
    """The keys that every kind of persistence has."""

    fallback: Fallback = Field(
        default=None,
        description="another persistence, asked where this one knows nothing",
        examples=["source_ip"],
    )
    check: Literal["every_request", "first_request"] = Field(
        default="every_request", description="which requests of a connection are looked at"
    )
    ignore: tuple[PathPattern, ...] = Field(
        default=(),
        description="paths for which no pin is looked up or made; * stands for anything",
        examples=[["/static/*", "*.png"]],
    )
    over_limit: Literal["move_once", "queue", "refuse"] = Field(
        default="move_once", description="what happens to a client whose server is over its limit"
    )
    share_with: str = Field(
        default="",
        description="a pool or virtual service whose pins are these as well",
        examples=["web"],
    )

    def ignored(self) -> re.Pattern[bytes] | None:
        """Matches the paths that are ignored, None if there are none."""
        if not self.ignore:
            return None
        each = (".*".join(re.escape(part) for part in text.split("*")) for text in self.ignore)
        return re.compile("|".join(each).encode(), re.DOTALL)


@dataclass(frozen=True, slots=True)
class PersistenceUse:
    """The persistence that a pool wants.

    Attributes:
        kinds: the first one and those that it falls back to; none if it is another pool's.
        common: the keys that every kind has.
    """

    kinds: tuple[Chosen, ...]
    common: PersistenceSection


def _persistence(raw: object, info: ValidationInfo) -> PersistenceUse | None:
    if raw is None or raw == NONE:
        return None
    reading = reading_of(info)
    if isinstance(raw, Mapping) and {*raw} == {SHARE_WITH}:
        return PersistenceUse((), _common(raw, reading))
    kind, options = kind_and_options(raw, "a persistence")
    if kind == NONE and not options:
        return None
    common = {
        key: options.pop(key) for key in (*options,) if key in PersistenceSection.model_fields
    }
    wrong: list[Nested | PydanticCustomError] = []
    section = PersistenceSection()
    try:
        section = _common(common, reading)
    except ValidationError as error:
        wrong.append(Nested(error, PersistenceSection))
    try:
        chosen = _chosen(kind, options, raw, reading, wrong)
    except PydanticCustomError as error:
        wrong.append(error)
        chosen = None
    if wrong or chosen is None:
        raise nested(wrong)
    return PersistenceUse((chosen, *(section.fallback or ())), section)


def _common(raw: Mapping[str, Any], reading: Reading) -> PersistenceSection:
    return PersistenceSection.model_validate(dict(raw), context=reading)


def _chosen(
    kind: str,
    options: dict[str, Any],
    raw: object,
    reading: Reading,
    wrong: list[Nested | PydanticCustomError],
) -> Chosen | None:
    """One kind with its options and its table; what is wrong goes to ``wrong``."""
    try:
        offer = offered(reading.registry.persistences, kind, "persistence", raw, reading)
    except PydanticCustomError as error:
        wrong.append(error)
        return None
    table = None
    if TABLE in options:
        table, found = _table(options[TABLE], reading)
        wrong += found
        # A plugin with a `table` option of its own is given it, and opens the table by itself.
        if TABLE not in offer.settings.model_fields or found:
            del options[TABLE]
        else:
            table = None
    try:
        settings = checked(offer, options, reading)
    except ValidationError as error:
        also = ["kind", TABLE, *PersistenceSection.model_fields]
        wrong.append(Nested(error, offer.settings, also=also))
        return None
    return Chosen(offer, settings, table)


def _below(error: PydanticCustomError) -> PydanticCustomError:
    """The same error, one fallback further down."""
    context = dict(error.context or {})
    if "errors" not in context:
        return fault(context["message"], context["hint"], [FALLBACK, *context["at"]])
    moved: list[Nested | PydanticCustomError] = []
    for inner in context["errors"]:
        if isinstance(inner, Nested):
            moved.append(inner._replace(at=(FALLBACK, *inner.at)))
        else:
            moved.append(_below(inner))
    return nested(moved)


def _table(
    raw: object, reading: Reading
) -> tuple[TableChoice | None, list[Nested | PydanticCustomError]]:
    try:
        kind, options = kind_and_options(raw, "a table")
        offer = offered(reading.registry.tables, kind, "table", raw, reading)
    except PydanticCustomError as error:
        told = error.context or {}
        return None, [fault(told["message"], told["hint"], [TABLE, *told["at"]])]
    try:
        checked(offer, options, reading)
    except ValidationError as error:
        # What is missing here may be given by the persistence when it asks for the table.
        if all(details["type"] == "missing" for details in error.errors()):
            return TableChoice(kind, options), []
        return None, [Nested(error, offer.settings, (TABLE,), ["kind"], partial=True)]
    return TableChoice(kind, options), []


PersistenceChoice = Annotated[
    PersistenceUse | None,
    PlainValidator(_persistence),
    WithJsonSchema({PLACEHOLDER: "persistences"}),
]
