"""A choice among what plugins offer: a name, or ``kind`` with the plugin's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, PlainValidator, ValidationError, ValidationInfo, WithJsonSchema

from pointsman.config.nearest import nearest
from pointsman.config.offered import Offered
from pointsman.config.problems import Nested, fault, nested, shown
from pointsman.config.registry import Registry

NONE = "none"
TABLE = "table"

# In the JSON Schema this key marks where the plugins' settings go.
PLACEHOLDER = "x-pointsman-choice"


@dataclass(frozen=True, slots=True)
class Reading:
    """What validation has to know beside the values: pydantic hands it to every validator.

    Attributes:
        registry: what plugins offer.
        pools: names of the pools that are defined.
        environ: the environment, for secrets.
        asked: receives the names of pools that have to be there.
    """

    registry: Registry
    pools: frozenset[str] = frozenset()
    environ: Mapping[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def check_pool(self, name: str) -> None:
        """See that there is a pool of that name under ``pools``.

        Raises:
            PydanticCustomError: there is none; says which is nearest.
        """
        self.asked.add(name)
        if name not in self.pools:
            hint = nearest(name, self.pools, "pools here")
            raise fault(f"there is no pool {name!r}", hint)


class TableChoice(NamedTuple):
    """The table that a configuration wants, and the options that it names for it."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing of a plugin with its validated options.

    Attributes:
        offered: what was chosen.
        options: its settings.
        table: for a persistence: the table that was asked for, else None.
    """

    offered: Offered
    options: BaseModel
    table: TableChoice | None = None

    @property
    def name(self) -> str:
        """The name it is offered under."""
        return self.offered.name


def reading_of(info: ValidationInfo) -> Reading:
    """What was passed as pydantic's ``context``."""
    if not isinstance(info.context, Reading):
        raise TypeError("a configuration is validated by pointsman.config.load")
    return info.context


def kind_and_options(
    raw: object, what: str, default: str = "", key: str = "kind"
) -> tuple[str, dict[str, Any]]:
    """Take ``name`` or ``{kind: name, option: value}`` apart.

    Args:
        raw: what was written.
        what: for messages, such as "a scheduler".
        default: the kind of a mapping without ``kind``; "" requires it.
        key: what ``kind`` is called here.

    Raises:
        PydanticCustomError: it is neither of the two.
    """
    if isinstance(raw, str):
        return raw, {}
    if isinstance(raw, Mapping):
        kind = raw.get(key, default or None)
        if kind is None:
            raise fault(f"{what} needs its {key}", f"write {{{key}: NAME, option: value}}")
        if not isinstance(kind, str):
            raise fault(f"expected the name of {what}, got {shown(kind)}", at=[key])
        return kind, {option: value for option, value in raw.items() if option != key}
    raise fault(
        f"expected the name of {what}, or a mapping with its {key} and options, got {shown(raw)}",
        f"write NAME, or {{{key}: NAME, option: value}}",
    )


def offered(
    family: Mapping[str, Offered],
    kind: str,
    what: str,
    raw: object,
    reading: Reading,
    key: str = "kind",
) -> Offered:
    """Look a name up among what plugins offer.

    Raises:
        PydanticCustomError: nobody offers it; says what is offered.
    """
    found = family.get(kind)
    if found is not None:
        return found
    hint = nearest(kind, family)
    if hint.startswith("did you mean"):
        hint += f" known: {', '.join(sorted(family))}"
    hint += "".join(f"; {error}" for error in reading.registry.broken)
    at = [key] if isinstance(raw, Mapping) and key in raw else []
    raise fault(f"no plugin offers the {what} {shown(kind)}", hint, at)


def checked(offer: Offered, options: Mapping[str, Any], reading: Reading) -> BaseModel:
    """Validate a plugin's options; raises pydantic's ValidationError."""
    return offer.settings.model_validate(dict(options), context=reading)


def _scheduling(raw: object, info: ValidationInfo) -> Chosen:
    reading = reading_of(info)
    kind, options = kind_and_options(raw, "a scheduler")
    offer = offered(reading.registry.schedulers, kind, "scheduler", raw, reading)
    try:
        return Chosen(offer, checked(offer, options, reading))
    except ValidationError as error:
        raise nested([Nested(error, offer.settings, also=["kind"])]) from None


def _tls(raw: object, info: ValidationInfo) -> Chosen | None:
    if raw is None or raw == NONE:
        return None
    reading = reading_of(info)
    kind, options = kind_and_options(raw, "a TLS mode", key="mode")
    offer = offered(reading.registry.tls_modes, kind, "TLS mode", raw, reading, "mode")
    try:
        return Chosen(offer, checked(offer, options, reading))
    except ValidationError as error:
        raise nested([Nested(error, offer.settings, also=["mode"])]) from None


Scheduling = Annotated[
    Chosen, PlainValidator(_scheduling), WithJsonSchema({PLACEHOLDER: "schedulers"})
]
TlsChoice = Annotated[
    Chosen | None, PlainValidator(_tls), WithJsonSchema({PLACEHOLDER: "tls_modes"})
]
