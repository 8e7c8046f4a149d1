"""Tests of the seconds that go on: in one run of the machine, and over several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lmdb
import pytest

from pointsman_persistence.lmdb_clock import BEGIN, SharedClock, boot_id


class Machine:
    """A machine whose clocks a test sets as it likes, and a file on it."""

    def __init__(self, folder: Path) -> None:
        self.env = lmdb.Environment(str(folder), max_dbs=1)
        self.meta = self.env.open_db(b"meta")
        self.uptime = 1000.0
        self.date = 1_700_000_000.0
        self.boot = "one"

    def later(self, seconds: float) -> None:
        self.uptime += seconds
        self.date += seconds

    def opened(self) -> SharedClock:
        clock = SharedClock(lambda: self.uptime, lambda: self.date, self.boot)
        with self.env.begin(write=True) as txn:
            clock.begin(txn, self.meta)
        return clock

    def noted(self, clock: SharedClock) -> None:
        with self.env.begin(write=True) as txn:
            clock.note(txn, self.meta)

    def stored(self) -> float:
        """What is stored for now by who opens the file now."""
        return self.uptime + self.opened().shift


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.env.close()


def test_the_first_begins_far_from_zero(machine: Machine) -> None:
    assert machine.stored() == BEGIN + 1000.0


def test_all_of_one_run_agree_whatever_happens_to_the_date(machine: Machine) -> None:
    clock = machine.opened()
    machine.later(500.0)
    machine.date += 86_400.0
    assert machine.opened().shift == clock.shift


def test_time_goes_on_while_the_machine_is_off(machine: Machine) -> None:
    machine.opened()
    machine.later(100.0)
    before = machine.stored()
    machine.uptime, machine.boot = 5.0, "two"
    machine.date += 30.0
    assert machine.stored() == before + 30.0
    machine.later(10.0)
    assert machine.stored() == before + 40.0


def test_a_clock_that_was_set_back_is_another_run_by_any_name(machine: Machine) -> None:
    machine.boot = ""  # as on systems that do not tell their runs apart
    machine.opened()
    before = machine.stored()
    machine.uptime = 5.0
    machine.date += 30.0
    assert machine.stored() == before + 30.0


def test_a_date_that_was_set_back_takes_no_time_away(machine: Machine) -> None:
    machine.opened()
    before = machine.stored()
    machine.uptime, machine.boot = 5.0, "two"
    machine.date = 0.0  # a board without a battery
    assert machine.stored() == before


def test_the_date_is_noted_now_and_then(machine: Machine) -> None:
    clock = machine.opened()
    for _ in range(90):
        machine.later(1.0)
        machine.noted(clock)
    # 60 of these 90 seconds were noted; then the date jumped, which nobody noted.
    machine.date += 1000.0
    at = machine.uptime + clock.shift
    machine.uptime, machine.boot = 0.0, "two"
    assert machine.stored() == at + 1000.0
    machine.noted(clock)


def test_this_machine_tells_its_runs_apart() -> None:
    assert boot_id() == boot_id()
    assert len(boot_id()) in (0, 36)
