"""Tables that are shared: the same as those in memory, and what several do adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from pointsman_persistence.lmdb_file import opened
from pointsman_persistence.lmdb_values import LmdbValues
from pointsman_rules.rule_tables import AnyTable, RuleTable, TableFunctions
from pointsman_rules.shared_tables import SharedTable


class Sharing:
    """Two processes that share a table, each with a turn when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.reactors = [Clock(), Clock()]
        self.values = [
            LmdbValues(
                folder / "pins",
                "hits",
                1000,
                lambda place: opened(place, self.clock.seconds, lambda: 1e9, "boot"),
            )
            for _ in range(2)
        ]
        for values, reactor in zip(self.values, self.reactors, strict=True):
            values.start(reactor)
        self.one, self.two = (SharedTable(values, 1000, 60.0) for values in self.values)

    def settle(self) -> None:
        for reactor in self.reactors:
            reactor.advance(0)


@pytest.fixture
def sharing(tmp_path: Path) -> Any:
    made = Sharing(tmp_path)
    yield made
    for values in made.values:
        values.close()


def test_values_counters_and_their_times(sharing: Sharing) -> None:
    one, two = sharing.one, sharing.two
    one.set("a\xff", "x", None, 0.0)
    one.set("b", True, 0, 0.0)
    assert one.add("c", 1, 5.0, 0.0)
    assert one.incr("c", 2, None, 0.0) == 3
    assert one.incr("b", 1, None, 0.0) is None
    sharing.settle()
    assert (two.get("a\xff", 59.0), two.get("a\xff", 60.0)) == ("x", None)
    assert (two.ttl_of("b", 0.0), two.ttl_of("c", 1.0), two.ttl_of("d", 0.0)) == (None, 4.0, None)
    assert not two.add("c", 9, None, 1.0)
    two.delete("c")
    sharing.settle()
    assert one.get("c", 1.0) is None
    assert len(one) == 2


def test_rates_are_those_of_a_table_in_memory(sharing: Sharing) -> None:
    alone = RuleTable(1000, 60.0)
    for step in range(100):
        now = step * 0.375
        table = sharing.one if step % 2 else sharing.two
        found = table.rate("k", 8.0, now)
        sharing.settle()
        # The windows of the common clock begin at another second.
        assert abs(found - alone.rate("k", 8.0, now)) <= 5
    assert table.rate("k", 8.0, now) == pytest.approx(8.0 / 0.375, abs=3)


def test_buckets_are_those_of_a_table_in_memory(sharing: Sharing) -> None:
    alone = RuleTable(1000, 60.0)
    now = 0.0
    for step in range(200):
        table = sharing.one if step % 3 else sharing.two
        got, wait = table.take("k", 2.0, 5.0, now)
        sharing.settle()
        expected, expected_wait = alone.take("k", 2.0, 5.0, now)
        assert got is expected
        assert wait == pytest.approx(expected_wait)
        now += (0.125, 0.25, 1.0)[step % 3]
    assert sharing.one.take("j", 0.5, 1.0, now) == (True, 0.0)
    got, wait = sharing.one.take("j", 0.5, 1.0, now)
    assert not got
    assert wait == pytest.approx(2.0)


def test_rules_use_both_alike(sharing: Sharing) -> None:
    tables: dict[str, AnyTable] = {"hits": sharing.one, "near": RuleTable(10, 60.0)}
    functions = TableFunctions(tables, lambda: 1.0).functions()
    for name in tables:
        at = functions["table_id"](name)
        assert functions["table_incr"](at, "k", 1.0, None) == 1
        assert functions["table_get"](at, "k") == 1
        functions["table_set"](at, "t", "text")
        assert functions["table_incr"](at, "t", 1, None)[1] == "incr: what is there is no number"
        assert functions["table_ttl"](at, "k") == 60.0
        assert functions["table_rate"](at, "k", 10.0) == 1
        assert functions["table_take"](at, "k", 1.0, 1.0) == (True, 0.0)
        functions["table_delete"](at, "k")
        assert functions["table_get"](at, "k") is None
