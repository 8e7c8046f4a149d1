"""The section `rule_tables`: which tables there are, and what a reload keeps of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from kit.plain_values import PlainValues
from pointsman.contracts import Values
from pointsman_rules.rule_tables import RuleTable
from pointsman_rules.shared_tables import SharedTable
from pointsman_rules.table_making import TableSettings, make_tables


class Place:
    """Where the section stands (contracts.SectionPlace)."""

    def __init__(self, before: Any = None, values: Values | None = None) -> None:
        self.before = before
        self.values = values
        self.asked: list[Any] = []

    def make_values(
        self, name: str, kind: str, options: Mapping[str, Any], at: Sequence[str | int]
    ) -> Values | None:
        self.asked.append((name, kind, options, at))
        return self.values


def made(place: Place, **tables: Any) -> Any:
    settings = {name: TableSettings.model_validate(one) for name, one in tables.items()}
    return make_tables(settings, place)  # type: ignore[arg-type]


def test_a_table_in_memory_is_the_same_after_a_reload_or_has_its_content() -> None:
    first = made(Place(), a={}, b={"ttl": "5s", "table": "memory"})
    assert isinstance(first["a"], RuleTable)
    first["a"].set("k", 1, None, 0.0)
    assert made(Place(first), a={}, b={"ttl": "5s"}) == first
    again = made(Place(first), a={"size": 7})["a"]
    assert again is not first["a"]
    assert again.get("k", 0.0) == 1
    assert made(Place(), a={})["a"].get("k", 0.0) is None


def test_a_table_elsewhere() -> None:
    values = PlainValues()
    place = Place(None, values)
    first = made(place, a={"size": 5, "ttl": "1s", "table": {"kind": "lmdb", "path": "p"}})
    assert place.asked == [("a", "lmdb", {"size": 5, "path": "p"}, ("a", "table"))]
    table = first["a"]
    assert isinstance(table, SharedTable)
    assert (table.values, table.size, table.ttl) == (values, 5, 1.0)
    again = made(Place(first, values), a={"size": 5, "ttl": "1s", "table": "lmdb"})
    assert again == first
    assert made(Place(first, PlainValues()), a={"size": 5, "ttl": "1s", "table": "lmdb"}) != first
    moved = made(Place(first), a={"size": 5, "ttl": "1s"})["a"]
    assert isinstance(moved, RuleTable)
    assert made(Place(first), a={"table": "lmdb"}) == {}  # the problem was told


@pytest.mark.parametrize(
    ("table", "told"),
    [(5, "expected `memory`"), ({}, "expected `memory`"),
     ({"kind": "memory", "size": 1}, "no further options")],
)  # fmt: skip
def test_what_cannot_be_a_table(table: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TableSettings.model_validate({"table": table})
