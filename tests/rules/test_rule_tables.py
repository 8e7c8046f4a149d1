"""Tables of rules."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.rule_tables import RuleTable, TableFunctions


def test_values_live_as_long_as_they_are_told() -> None:
    table = RuleTable(10, 60.0)
    table.set("own", 1, None, 0.0)
    table.set("short", "x", 1.0, 0.0)
    table.set("ever", True, 0.0, 0.0)
    assert [table.get(key, 0.5) for key in ("own", "short", "ever")] == [1, "x", True]
    assert [table.get(key, 59.9) for key in ("own", "short", "ever")] == [1, None, True]
    assert [table.get(key, 60.0) for key in ("own", "short", "ever")] == [None, None, True]
    assert (table.ttl_of("ever", 0.0), table.ttl_of("none", 0.0)) == (None, None)


def test_the_time_of_a_counter_runs_from_its_first_count() -> None:
    table = RuleTable(10, 60.0)
    assert [table.incr("k", 1, 10.0, now) for now in (0.0, 5.0, 9.9, 10.0)] == [1, 2, 3, 1]
    assert table.ttl_of("k", 15.0) == 5.0
    table.set("text", "x", None, 0.0)
    assert table.incr("text", 1, None, 0.0) is None


def test_add_sets_once() -> None:
    table = RuleTable(10, 60.0)
    assert table.add("k", 1, None, 0.0)
    assert not table.add("k", 2, None, 0.0)
    table.delete("k")
    table.delete("k")
    assert table.add("k", 3, None, 0.0)


def test_the_longest_unset_makes_room() -> None:
    table = RuleTable(2, 60.0)
    for key in "abac":
        table.set(key, 1, None, 0.0)
    assert [table.get(key, 0.0) for key in "abc"] == [1, None, 1]
    assert len(table) == 2


def test_what_is_over_is_forgotten() -> None:
    table = RuleTable(10, 1.0)
    for key in "abc":
        table.set(key, 1, None, 0.0)
    table.set("d", 1, 9.0, 0.0)
    assert table.expire(1.0, most=2) == 2
    assert table.expire(1.0) == 1
    assert len(table) == 1


def test_a_rate_slides() -> None:
    table = RuleTable(10, 60.0)
    assert [table.rate("k", 10.0, now) for now in (0.0, 1.0, 2.0)] == [1, 2, 3]
    assert table.rate("k", 10.0, 15.0) == 1 + 3 * 0.5
    assert table.rate("k", 10.0, 40.0) == 1


@given(st.lists(st.floats(0.0, 3.0), max_size=60))
def test_a_bucket_never_gives_more_than_its_rate_and_burst(pauses: list[float]) -> None:
    table = RuleTable(10, 60.0)
    now, given_out = 0.0, 0
    for pause in pauses:
        now += pause
        got, wait = table.take("k", 2.0, 5.0, now)
        given_out += got
        assert got == (wait == 0.0)
        assert given_out <= 5 + 2 * now + 1e-6


def test_a_bucket_says_when_to_come_again() -> None:
    table = RuleTable(10, 60.0)
    assert table.take("k", 0.5, 1.0, 0.0) == (True, 0.0)
    assert table.take("k", 0.5, 1.0, 0.0) == (False, 2.0)
    assert table.take("k", 0.5, 1.0, 2.0) == (True, 0.0)


def functions() -> Any:
    return TableFunctions({"hits": RuleTable(10, 60.0)}, lambda: 0.0).functions()


@pytest.mark.parametrize(
    ("name", "given_", "told"),
    [
        ("table_set", (0, "x" * 2000, 1), "key"),
        ("table_set", (0, "x", "y" * 100_000), "value"),
        ("table_set", (0, "x", 1, -1), "ttl"),
        ("table_incr", (0, "x" * 2000, 1, None), "key"),
        ("table_rate", (0, "x", 0), "window"),
        ("table_take", (0, "x", 0, 1), "rate"),
        ("table_take", (0, "x", 1, 0), "burst"),
        ("table_id", ("none",), "hits"),
    ],
)
def test_what_is_wrong_is_told(name: str, given_: tuple[object, ...], told: str) -> None:
    value, problem = functions()[name](*given_)
    assert value is None
    assert told in problem
