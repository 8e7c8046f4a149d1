"""Tests of the table in memory: the contract, and what only this table promises."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from pydantic import ValidationError

from kit.table_contract import TableContract, TableMachine
from pointsman.contracts import Pin, Surroundings, Table
from pointsman_persistence import memory_table
from pointsman_persistence.memory_table import MemoryTable, MemoryTableSettings, make


class TestMemoryTable(TableContract):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return MemoryTable(size, timeout, max_age)


class MemoryMachine(TableMachine):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return MemoryTable(size, timeout, max_age)


class AgeingMachine(MemoryMachine):
    SIZE = 1
    MAX_AGE = 20.0


class RoomyMachine(MemoryMachine):
    SIZE = 100
    MAX_AGE = 50.0


TestRoomyMachine = RoomyMachine.TestCase
TestMemoryMachine = MemoryMachine.TestCase
TestAgeingMachine = AgeingMachine.TestCase


def test_time_runs_to_the_dot() -> None:
    table = MemoryTable(10, 60.0)
    table.put(b"k", "a", 0.0)
    for now in (59.9, 119.8):
        assert table.find(b"k", now) == Pin("a", made=0.0, used=now)
    assert table.find(b"k", 179.8) is None  # 60 s after the last use
    assert table.find(b"k", 119.9) is not None  # it was not used meanwhile


def test_expire_does_a_bounded_amount_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_table, "AT_ONCE", 10)
    table = MemoryTable(100, 60.0)
    for n in range(25):
        table.put(b"%d" % n, "a", 0.0)
    assert [table.expire(100.0) for _ in range(4)] == [10, 10, 5, 0]


def test_expire_finds_what_was_used_meanwhile_in_its_new_place() -> None:
    table = MemoryTable(100, 64.0)
    for n in range(10):
        table.put(b"%d" % n, "a", 0.0)
    for n in range(5):
        table.find(b"%d" % n, 30.0 + n)
    assert [table.expire(64.0 + n) for n in range(40)] == [5] + [0] * 29 + [1] * 5 + [0] * 5


def test_making_room_looks_at_a_few_only() -> None:
    table = MemoryTable(1000, 64.0)
    for n in range(1000):
        table.put(b"%d" % n, "a", 0.0)
    for n in range(1000):
        table.find(b"%d" % n, 10.0 + n / 100)
    table.put(b"new", "b", 30.0)
    gone = [n for n in range(1000) if table.peek(b"%d" % n, 30.0) is None]
    assert len(gone) == 1
    assert gone[0] < memory_table.LOOKS


def test_dropping_and_pinning_again_and_again_takes_no_more_room() -> None:
    table = MemoryTable(100, 60.0)
    for n in range(10_000):
        table.put(b"%d" % (n % 7), "a", n / 1000)
        table.drop(b"%d" % (n % 7))
    assert len(table) == 0
    assert sum(len(queue) for queue in table._queues.values()) == 7
    for n in range(200):  # what was dropped makes room first
        table.put(b"new%d" % n, "a", 20.0)
    assert len(table) == 100


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


MILLION = """
    from pointsman_persistence.memory_table import MemoryTable

    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096

    table = MemoryTable(1_000_000, 1200.0)
    before = resident()
    for n in range(1_000_000):
        table.put((n * 2654435761 % 2**64).to_bytes(16, "big"), f"server-{n % 4}", n / 1000)
    for n in range(1_000_000):
        table.find((n * 2654435761 % 2**64).to_bytes(16, "big"), 1000.0 + n / 10_000)
    assert len(table) == 1_000_000
    print(resident() - before)
"""


@pytest.mark.slow
def test_a_million_pins_that_are_in_use_take_at_most_250_mib() -> None:
    program = [sys.executable, "-c", textwrap.dedent(MILLION)]
    told = subprocess.run(program, capture_output=True, text=True, timeout=120, check=True)
    assert int(told.stdout) <= 250 * 2**20


def test_settings() -> None:
    settings = MemoryTableSettings.model_validate({"timeout": 1200.0})
    assert settings.size == 1_000_000
    options = {"timeout": "1s", "size": 1, "max_age": "1m"}
    table = make(MemoryTableSettings.model_validate(options), Surroundings())
    assert (table.timeout, table.max_age) == (1.0, 60.0)
    table.put(b"1", "a", 0.0)
    table.put(b"2", "a", 0.5)
    assert table.find(b"1", 0.5) is None
    assert table.find(b"2", 1.4) is not None
    assert table.find(b"2", 2.4) is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"timeout": "0"},
        {"timeout": "1s", "size": 0},
        {"timeout": "1s", "max_age": "0"},
        {"timeout": "1s", "file": "x"},
    ],
)
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MemoryTableSettings.model_validate(options)
