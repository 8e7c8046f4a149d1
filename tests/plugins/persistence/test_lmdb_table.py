"""Tests of the table in a file: the contract, and what several processes and restarts ask of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis.stateful import rule
from pydantic import ValidationError
from twisted.internet.task import Clock

from kit.table_contract import TableContract, TableMachine, everything
from pointsman.contracts import Misfit, Pin, Surroundings, Table
from pointsman_persistence import lmdb_table
from pointsman_persistence.lmdb_file import PinFile, opened
from pointsman_persistence.lmdb_table import LmdbTable, LmdbTableSettings, make


class Place:
    """A folder, a clock and a run of a machine; tables that share the file stand side by side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.boot = "first"
        self.wall = 1_700_000_000.0

    def opens(self, folder: Path) -> PinFile:
        return opened(folder, self.clock.seconds, lambda: self.wall, self.boot)

    def table(
        self,
        name: str = "web",
        size: int = 1000,
        timeout: float = 64.0,
        max_age: float | None = None,
        reactor: Any = None,
    ) -> LmdbTable:
        table = LmdbTable(self.folder / "pins", name, size, timeout, max_age, self.opens)
        table.start(reactor)
        return table


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class TestLmdbTable(TableContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> Any:
        self.tables: list[LmdbTable] = []
        self.place = Place(tmp_path)
        yield
        for table in self.tables:
            table.close()

    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        name = f"pool {len(self.tables)}"
        self.tables.append(self.place.table(name, size, timeout, max_age))
        return self.tables[-1]


class TestLmdbTableThatWaits(TestLmdbTable):
    """The same, with changes that are written when the reactor has its turn, which never comes."""

    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        name = f"pool {len(self.tables)}"
        reactor = Clock()
        self.tables.append(self.place.table(name, size, timeout, max_age, reactor))
        return self.tables[-1]


class LmdbMachine(TableMachine):
    reactor: Clock | None = None

    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        self.temporary = TemporaryDirectory()
        return Place(Path(self.temporary.name)).table("p", size, timeout, max_age, self.reactor)

    def teardown(self) -> None:
        super().teardown()
        self.temporary.cleanup()


class WaitingMachine(LmdbMachine):
    SIZE = 1000
    MAX_AGE = 50.0

    def __init__(self) -> None:
        self.reactor = Clock()
        super().__init__()

    @rule()
    def turn(self) -> None:
        assert self.reactor is not None
        self.reactor.advance(0)

    def is_bounded(self) -> None:
        """Not between all steps: it would write what waits to be written."""


TestLmdbMachine = LmdbMachine.TestCase
TestWaitingMachine = WaitingMachine.TestCase


# ---- what is written, and when ----


def test_a_turn_of_the_reactor_writes_the_changes_of_all_tables_at_once(place: Place) -> None:
    reactor = Clock()
    one, other = (place.table(name, reactor=reactor) for name in ("one", "other"))
    for n in range(10):
        one.put_if_absent(b"%d" % n, "a", 0.0)
        other.put_if_absent(b"%d" % n, "b", 0.0)
    assert len(reactor.getDelayedCalls()) == 1
    before = transactions(one)
    reactor.advance(0)
    assert transactions(one) == before + 1
    assert (one.pending, other.pending, reactor.getDelayedCalls()) == (0, 0, [])
    assert (one.counts(), other.counts()) == ({"a": 10}, {"b": 10})
    one.close()
    other.close()


def transactions(table: LmdbTable) -> int:
    """How many there have been."""
    with table._pool._begin() as txn:
        return txn.id()


def test_what_a_client_is_told_is_written_before_that(place: Place) -> None:
    reactor = Clock()
    one, other = (place.table(name, reactor=reactor) for name in ("one", "other"))
    other.put_if_absent(b"k", "b", 0.0)
    before = transactions(one)
    one.put(b"k", "a", 0.0)
    assert transactions(one) == before + 1
    assert (one.pending, other.pending) == (0, 0)
    reactor.advance(0)
    assert (transactions(one), reactor.getDelayedCalls()) == (before + 1, [])
    one.put(b"l", "a", 0.0)
    assert reactor.getDelayedCalls() == []
    one.close()
    other.close()


def test_much_that_is_to_be_written_at_once_does_not_hold_it_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_table, "AT_ONCE", 10)
    reactor = Clock()
    table = place.table(reactor=reactor)
    for n in range(25):
        table.restore(b"%d" % n, Pin("a", 0.0, 0.0))
    table.put(b"k", "a", 0.0)
    assert table.pending == 16
    reactor.advance(0)
    assert table.pending == 0
    table.close()


def test_much_is_written_in_several_turns(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmdb_table, "AT_ONCE", 10)
    reactor = Clock()
    table = place.table(reactor=reactor)
    for n in range(25):
        table.put_if_absent(b"%d" % n, "a", 0.0)
    before = transactions(table)
    reactor.advance(0)
    assert (table.pending, transactions(table) - before) == (0, 3)
    table.close()


def test_uses_are_written_down_once_in_a_16th_of_the_timeout(place: Place) -> None:
    table = place.table(timeout=160.0)
    table.put(b"k", "a", 0.0)
    before = transactions(table)
    for tenth in range(400):
        table.find(b"k", tenth / 10)
    assert transactions(table) - before == 3  # at 10, 20 and 30
    assert table.peek(b"k", 41.0) == Pin("a", 0.0, 30.0)
    table.close()


def test_expire_does_a_bounded_amount_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = place.table()
    for n in range(25):
        table.put(b"%d" % n, "a", 0.0)
    monkeypatch.setattr(lmdb_table, "AT_ONCE", 10)
    assert [table.expire(100.0) for _ in range(4)] == [10, 10, 5, 0]
    assert table._pool.oldest() is None
    table.close()


# ---- two who share a file: as two processes would, but for the file itself ----


def test_others_see_a_pin_once_it_is_written(place: Place) -> None:
    mine, yours = Clock(), Clock()
    one, two = place.table(reactor=mine), place.table(reactor=yours)
    one.put_if_absent(b"k", "a", 0.0)
    assert two.peek(b"k", 0.0) is None
    mine.advance(0)
    assert two.peek(b"k", 0.0) == Pin("a", 0.0, 0.0)
    one.close()
    two.close()


def racing(place: Place) -> tuple[LmdbTable, LmdbTable]:
    """Two tables that write when they are told to, each by itself."""

    class Alone(LmdbTable):
        def _change(self, stored: bytes, change: Any, *, now: bool = False) -> None:
            file, self._file = self._file, Later()  # type: ignore[assignment]
            super()._change(stored, change, now=now)
            self._file = file

    class Later:
        def changed(self, table: object, *, now: bool) -> None: ...

    made = []
    for _ in range(2):
        table = Alone(place.folder / "pins", "web", 1000, 64.0, None, place.opens)
        table.start(None)
        made.append(table)
    return made[0], made[1]


def written(table: LmdbTable) -> None:
    assert table._file is not None
    table._file.changed(table)
    assert table.pending == 0


def test_the_first_to_write_wins_and_the_other_adopts_its_pin(place: Place) -> None:
    one, two = racing(place)
    assert one.put_if_absent(b"k", "a", 0.0).member == "a"
    assert two.put_if_absent(b"k", "b", 0.25).member == "b"
    written(two)
    written(one)
    for table in (one, two):
        assert table.peek(b"k", 1.0) == Pin("b", 0.25, 0.25)
        assert table.counts() == {"b": 1}
        table.close()


def test_a_pin_that_is_over_is_no_rival(place: Place) -> None:
    one, two = racing(place)
    one.put(b"k", "a", 0.0)
    written(one)
    assert two.put_if_absent(b"k", "b", 68.0).member == "b"
    written(two)
    assert one.counts() == {"b": 1}
    one.close()
    two.close()


def test_a_drop_leaves_what_another_made_meanwhile(place: Place) -> None:
    one, two = racing(place)
    one.put(b"k", "a", 0.0)
    written(one)
    one.drop(b"k")  # both saw that server a is down,
    two.drop(b"k")
    two.put_if_absent(b"k", "b", 1.0)
    one.put_if_absent(b"k", "c", 1.25)
    written(two)  # and this one was first
    written(one)
    assert one.peek(b"k", 2.0) == two.peek(b"k", 2.0) == Pin("b", 1.0, 1.0)
    two.drop(b"k")
    one.move(b"k", "c", 2.0)
    written(one)
    written(two)
    assert two.peek(b"k", 2.0) == Pin("c", 1.0, 1.0)
    one.close()
    two.close()


def test_a_use_does_not_bring_back_what_another_dropped(place: Place) -> None:
    one, two = racing(place)
    one.put(b"k", "a", 0.0)
    written(one)
    assert one.find(b"k", 30.0) is not None
    two.drop(b"k")
    written(two)
    written(one)
    assert one.find(b"k", 30.0) is None
    assert len(one) == 0
    one.close()
    two.close()


def test_members_that_another_pinned_first_are_known(place: Place) -> None:
    one, two = racing(place)
    for n, table in enumerate((one, two, one, two)):
        table.put(b"%d" % n, f"server {n}", 0.0)
        written(table)
    for table in (one, two):
        found = [table.peek(b"%d" % n, 1.0) for n in range(4)]
        assert [pin and pin.member for pin in found] == [f"server {n}" for n in range(4)]
        table.close()


def test_tables_of_one_file_do_not_see_each_other(place: Place) -> None:
    one, other = place.table("one", size=2), place.table("other", size=2)
    for n in range(5):
        one.put(b"%d" % n, "a", float(n))
        other.put(b"%d" % n, "b", float(n))
    one.expire(3.0 + 68.0)
    assert everything(one, 10.0) == {b"4": Pin("a", 4.0, 4.0)}
    assert everything(other, 10.0) == {b"3": Pin("b", 3.0, 3.0), b"4": Pin("b", 4.0, 4.0)}
    one.close()
    other.close()


# ---- restarts ----


def test_pins_are_there_after_a_restart_with_their_times(place: Place) -> None:
    reactor = Clock()
    table = place.table(reactor=reactor)
    table.put(b"k", "a", 10.0)
    table.close()
    place.clock.advance(40.0)
    again = place.table()
    assert again.peek(b"k", 50.0) == Pin("a", 10.0, 10.0)
    again.close()


def test_time_goes_on_while_the_machine_is_off(place: Place) -> None:
    place.clock.advance(5000.0)
    table = place.table()
    table.put(b"k", "a", 5000.0)
    table.close()
    place.boot = "second"
    place.clock = Clock()
    place.clock.advance(3.0)  # seconds since it is on again
    place.wall += 60.0
    again = place.table()
    assert again.peek(b"k", 3.0) == Pin("a", -57.0, -57.0)
    assert again.peek(b"k", 11.5) is None
    again.close()


def test_after_close_it_knows_nothing_and_does_nothing(place: Place) -> None:
    table = place.table()
    table.put(b"k", "a", 0.0)
    table.close()
    table.put(b"other", "a", 0.0)
    assert table.find(b"k", 1.0) is None
    assert table.expire(1.0) == 0
    table.close()


# ---- made from a configuration ----


def made(surroundings: Surroundings, **options: Any) -> LmdbTable:
    return make(LmdbTableSettings.model_validate({"timeout": 60.0, **options}), surroundings)


def test_made_in_the_state_dir_or_at_a_path(tmp_path: Path) -> None:
    around = Surroundings("web", state_dir=tmp_path / "state", folder=lambda below: tmp_path)
    assert made(around)._folder == tmp_path / "state" / "pins"
    assert made(around, path="x")._folder == tmp_path / "x"
    assert made(around, path="/x/y")._folder == Path("/x/y")
    assert not (tmp_path / "state").exists()
    table = made(around, size=7, max_age="1h")
    assert (table._name, table._size, table.timeout, table.max_age) == ("web", 7, 60.0, 3600.0)


def test_there_must_be_a_place_for_it() -> None:
    with pytest.raises(Misfit, match="needs a place") as caught:
        made(Surroundings("web"))
    assert "state_dir" in caught.value.hint


def test_what_is_there_must_be_ours(tmp_path: Path) -> None:
    (tmp_path / "pins").write_text("")
    with pytest.raises(ValueError, match="no folder"):
        made(Surroundings("web", state_dir=tmp_path))


@pytest.mark.parametrize("options", [{"timeout": "0"}, {"size": 0}, {"path": "a\x00"}])
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LmdbTableSettings.model_validate({"timeout": 60.0, **options})
