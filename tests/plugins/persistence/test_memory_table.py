"""Tests of the table in memory: against a plain account of the same pins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pointsman.contracts import Pin, Surroundings, Table
from pointsman_persistence import memory_table
from pointsman_persistence.memory_table import MemoryTable, MemoryTableSettings, make


def test_absent_then_known() -> None:
    table: Table = MemoryTable(10, 60.0)
    assert table.find(b"k", 0.0) is None
    table.put(b"k", "a", 5.0)
    assert table.find(b"k", 6.0) == Pin("a", made=5.0, used=6.0)
    assert len(table) == 1


def test_a_use_refreshes_and_silence_ends_it() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"k", "a", 0.0)
    assert table.find(b"k", 59.9) is not None
    assert table.find(b"k", 119.8) is not None
    assert table.find(b"k", 179.8) is None  # 60 s after the last use, to the dot
    assert len(table) == 0
    assert table.find(b"k", 119.9) is None


def test_putting_again_replaces_the_pin_and_its_age() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"k", "a", 0.0)
    table.put(b"k", "b", 50.0)
    assert len(table) == 1
    assert table.find(b"k", 100.0) == Pin("b", made=50.0, used=100.0)


def test_the_least_recently_used_makes_room() -> None:
    table = MemoryTable(3, 60.0)
    for moment, key in enumerate((b"1", b"2", b"3")):
        table.put(key, "a", float(moment))
    table.find(b"1", 3.0)
    table.put(b"2", "b", 4.0)
    table.put(b"4", "a", 5.0)
    assert [table.find(key, 6.0) is not None for key in (b"1", b"2", b"3", b"4")] == [
        True, True, False, True,
    ]  # fmt: skip


def test_replacing_evicts_nobody() -> None:
    table = MemoryTable(2, 60.0)
    table.put(b"1", "a", 0.0)
    table.put(b"2", "a", 0.0)
    table.put(b"1", "b", 0.0)
    assert table.find(b"2", 1.0) is not None


def test_drop() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"k", "a", 0.0)
    table.drop(b"k")
    table.drop(b"k")
    assert table.find(b"k", 1.0) is None


def test_expire_forgets_what_is_over_and_counts_it() -> None:
    table = MemoryTable(10, 60.0)
    for moment in range(5):
        table.put(b"%d" % moment, "a", float(moment))
    table.find(b"0", 10.0)
    assert table.expire(60.9) == 0
    assert table.expire(62.0) == 2  # 1 and 2
    assert len(table) == 3
    assert table.expire(1000.0) == 3
    assert table.expire(2000.0) == 0


def test_expire_does_a_bounded_amount_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_table, "AT_ONCE", 10)
    table = MemoryTable(100, 60.0)
    for n in range(25):
        table.put(b"%d" % n, "a", 0.0)
    assert [table.expire(100.0) for _ in range(4)] == [10, 10, 5, 0]


def test_close_forgets_everything() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"k", "a", 0.0)
    table.close()
    assert len(table) == 0


def test_pins_of_one_member_share_its_name() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"1", "".join(["server", "-one"]), 0.0)
    table.put(b"2", "".join(["server-", "one"]), 0.0)
    one, two = table.find(b"1", 1.0), table.find(b"2", 1.0)
    assert one is not None
    assert two is not None
    assert one.member is two.member


KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
STEPS = st.tuples(st.sampled_from(["find", "put", "drop", "expire"]), KEYS, st.floats(0.0, 8.0))


@given(st.integers(1, 4), st.lists(STEPS, max_size=60))
def test_does_what_a_plain_account_does(size: int, steps: list[tuple[str, bytes, float]]) -> None:
    table = MemoryTable(size, 10.0)
    account: dict[bytes, tuple[str, float]] = {}  # in the order of the last use
    now = 0.0
    for at, (step, key, pause) in enumerate(steps):
        now += pause
        alive = {k: v for k, v in account.items() if now - v[1] < 10.0}
        if step == "find":
            pin = table.find(key, now)
            assert (pin and pin.member) == (alive[key][0] if key in alive else None)
            if key in alive:
                account[key] = (account.pop(key)[0], now)
            else:
                account.pop(key, None)
        elif step == "put":
            table.put(key, f"m{at}", now)
            account.pop(key, None)
            account[key] = (f"m{at}", now)
            if len(account) > size:
                del account[next(iter(account))]
        elif step == "drop":
            table.drop(key)
            account.pop(key, None)
        else:
            assert table.expire(now) == len(account) - len(alive)
            account = alive
        assert len(table) == len(account) <= size


def test_settings() -> None:
    settings = MemoryTableSettings.model_validate({"timeout": 1200.0})
    assert settings.size == 1_000_000
    table = make(MemoryTableSettings.model_validate({"timeout": "1s", "size": 1}), Surroundings())
    table.put(b"1", "a", 0.0)
    table.put(b"2", "a", 0.5)
    assert table.find(b"1", 0.5) is None
    assert table.find(b"2", 1.4) is not None
    assert table.find(b"2", 2.4) is None


@pytest.mark.parametrize(
    "options",
    [{}, {"timeout": "0"}, {"timeout": "1s", "size": 0}, {"timeout": "1s", "file": "x"}],
)
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MemoryTableSettings.model_validate(options)
