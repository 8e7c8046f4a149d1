"""Tests of the choice of a table: how it may be written, and what its maker is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pointsman.contracts import Surroundings, Table
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.table_choice import TableChoice, open_table

CHOICE: TypeAdapter[dict[str, Any]] = TypeAdapter(TableChoice)


@pytest.mark.parametrize(
    ("written", "choice"),
    [
        ({}, {}),
        ("memory", {"kind": "memory"}),
        ({"kind": "memory"}, {"kind": "memory"}),
        ({"kind": "memory", "size": 5}, {"kind": "memory", "size": 5}),
    ],
)
def test_how_it_may_be_written(written: object, choice: dict[str, Any]) -> None:
    assert CHOICE.validate_python(written) == choice


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (5, "expected a table, like `memory`"),
        (["memory"], "expected a table, like `memory`"),
        ({"size": 5}, "a table needs its kind"),
        ({"kind": 5}, "a table needs its kind"),
        ({"kind": "memory", "max_age": "5m"}, "`max_age` is one of the persistence"),
        (
            {"kind": "memory", "timeout": "5m"},
            "`timeout` is one of the persistence: write it beside `table`",
        ),
    ],
)
def test_how_it_may_not(written: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CHOICE.validate_python(written)


def test_the_maker_is_given_kind_options_and_timeout() -> None:
    asked: list[tuple[str, Mapping[str, Any]]] = []

    def make_table(kind: str, options: Mapping[str, Any]) -> Table:
        asked.append((kind, options))
        return MemoryTable(10, 60.0)

    table = open_table({"kind": "k", "size": 5}, 1200, Surroundings(make_table=make_table))
    assert isinstance(table, MemoryTable)
    assert asked == [("k", {"size": 5, "timeout": 1200.0})]
    assert type(asked[0][1]["timeout"]) is float
    open_table({}, 60, Surroundings(make_table=make_table), max_age=3600)
    assert asked[1] == ("", {"timeout": 60.0, "max_age": 3600.0})


def test_a_place_without_tables() -> None:
    with pytest.raises(ValueError, match="pins need a table"):
        open_table({"kind": "memory"}, 1200.0, Surroundings())
