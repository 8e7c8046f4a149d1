"""The section ``rule_tables``: what is written there becomes tables, in memory or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pointsman.contracts import Duration, SectionPlace, Settings
from pointsman_rules.rule_tables import AnyTable, RuleTable
from pointsman_rules.shared_tables import SharedTable

MEMORY = "memory"


def _kind(value: object) -> object:
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
        raise ValueError("expected `memory`, `lmdb` and the like, or {kind: lmdb, OPTION: VALUE}")
    if value["kind"] == MEMORY and len(value) > 1:
        raise ValueError("`memory` has no further options here: `size` and `ttl` stand beside it")
    return dict(value)


TableKind = Annotated[
    dict[str, Any], BeforeValidator(_kind, json_schema_input_type=str | dict[str, Any])
]


class TableSettings(Settings):
    """One table.

    Attributes:
        size: keys at most; the one that was longest unused makes room.
        ttl: how long a value lives from when it was set, if the rule does not say; 0 for ever.
        table: where it is kept: `memory`, or a table of a plugin, such as `lmdb` or `valkey`, with
            its options: `{kind: lmdb, path: FOLDER}`.
    """

    size: int = Field(default=100_000, ge=1, le=10_000_000)
    ttl: Duration = Field(default=600.0, ge=0)
    table: TableKind = Field(default_factory=lambda: {"kind": MEMORY}, examples=["lmdb"])


def make_tables(
    settings: Mapping[str, TableSettings], place: SectionPlace
) -> Mapping[str, AnyTable]:
    """The tables under ``rule_tables``; those that are there already go on with their content."""
    before: Mapping[str, AnyTable] = place.before or {}
    made: dict[str, AnyTable] = {}
    for name, one in settings.items():
        table = _table(name, one, before.get(name), place)
        if table is not None:
            made[name] = table
    return made


def _table(
    name: str, settings: TableSettings, there: AnyTable | None, place: SectionPlace
) -> AnyTable | None:
    same = there is not None and (there.size, there.ttl) == (settings.size, settings.ttl)
    options = {**settings.table}
    kind = options.pop("kind")
    if kind == MEMORY:
        before = there if isinstance(there, RuleTable) else None
        if before is not None and same:
            return before
        return RuleTable(settings.size, settings.ttl, before)
    sized = {"size": settings.size, **options}
    values = place.make_values(name, kind, sized, (name, "table"))
    if values is None:
        return None
    if isinstance(there, SharedTable) and same and there.values is values:
        return there
    return SharedTable(values, settings.size, settings.ttl)
