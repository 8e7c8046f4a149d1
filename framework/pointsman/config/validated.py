"""Pools and virtual services are validated one by one, and not again while they stay as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pointsman.config.choice import Reading
from pointsman.config.registry import Loaded
from pointsman.config.schema_pool import PoolSection
from pointsman.config.schema_service import ServiceSection
from pointsman.config.schema_types import Name
from pointsman.config.steps import Steps

# The sections of which there may be thousands of entries.
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "pools": PoolSection,
    "virtual_services": ServiceSection,
}


@dataclass(frozen=True, slots=True)
class Known:
    """One entry that is valid.

    Attributes:
        raw: what was written: that very value, not an equal one.
        section: what it means.
        pools: names that there must be under ``pools``.
    """

    raw: object
    section: BaseModel
    pools: frozenset[str]


@dataclass(frozen=True, slots=True)
class Validated:
    """All entries that are valid.

    Attributes:
        plugins: by whose offers they are.
        entries: by the key of their section, and their name.
        whole: the sections of which every entry is.
    """

    plugins: tuple[Loaded, ...] = ()
    entries: Mapping[tuple[str, str], Known] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()

    def section(self, key: str) -> dict[str, Any]:
        """The valid entries of one section by their name."""
        return {name: known.section for (its, name), known in self.entries.items() if its == key}


def validated(raw: Mapping[str, Any], reading: Reading, before: Validated) -> Steps[Validated]:
    """Validate in steps what can be validated by itself; what is wrong is left to be told later.

    Args:
        raw: the whole document as it was written.
        reading: what validation has to know.
        before: what was validated before in the same environment.
    """
    plugins = reading.registry.plugins
    there = before.entries if before.plugins == plugins else {}
    found: dict[tuple[str, str], Known] = {}
    whole = set()
    names = TypeAdapter(Name)
    for key, model in _SECTIONS.items():
        entries = raw.get(key)
        if not isinstance(entries, dict):
            continue
        for name, value in entries.items():
            known = there.get((key, name))
            if known is None or known.raw is not value or not known.pools <= reading.pools:
                known = _validated(names, name, model, value, reading)
            if known is not None:
                found[key, name] = known
            yield
        if all((key, name) in found for name in entries):
            whole.add(key)
    return Validated(plugins, found, frozenset(whole))


def _validated(
    names: TypeAdapter[str], name: str, model: type[BaseModel], value: object, reading: Reading
) -> Known | None:
    asked: set[str] = set()
    try:
        names.validate_python(name)
        section = model.model_validate(value, context=replace(reading, asked=asked))
    except ValidationError:
        return None
    return Known(value, section, frozenset(asked))
