"""Values in a file: the contract, and what several processes and restarts ask of it."""

from __future__ import annotations

import subprocess
import sys
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lmdb
import pytest
from twisted.internet.task import Clock

from kit.logs import noted_log
from kit.values_contract import ValuesContract, ValuesMachine
from pointsman.contracts import Misfit, Surroundings, Values
from pointsman_persistence.lmdb_file import PinFile, opened
from pointsman_persistence.lmdb_table import LmdbTableSettings
from pointsman_persistence.lmdb_values import LmdbValues, make


class Place:
    """A folder, and a clock that says what time it is on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.boot = "first"
        self.wall = 1_700_000_000.0
        self.made: list[LmdbValues] = []

    def opens(self, folder: Path) -> PinFile:
        return opened(folder, self.clock.seconds, lambda: self.wall, self.boot)

    def values(self, name: str = "hits", size: int = 1000, reactor: Any = None) -> LmdbValues:
        made = LmdbValues(self.folder / "pins", name, size, self.opens)
        made.start(reactor)
        self.made.append(made)
        return made

    def close(self) -> None:
        for values in self.made:
            values.close()
            values.close()


@pytest.fixture
def place(tmp_path: Path) -> Any:
    made = Place(tmp_path)
    yield made
    made.close()


class TestLmdbValues(ValuesContract):
    reactor: Clock | None = None

    @pytest.fixture(autouse=True)
    def _place(self, place: Place) -> None:
        self.place = place

    def make(self, size: int = 1000) -> Values:
        return self.place.values(f"values {len(self.place.made)}", size, self.reactor)


class TestLmdbValuesThatWait(TestLmdbValues):
    """The same, with changes that are written when the reactor has its turn, which never comes."""

    reactor = Clock()


@pytest.mark.parametrize("looks", [False, True])
def test_what_a_change_keeps_alive_is_alive_though_the_change_is_not_written(
    place: Place, looks: bool
) -> None:
    values = place.values(reactor=Clock())
    values.incr(b"k", 1, 1.0, 0.0)
    values.expire(0.0)  # writes it
    values.incr(b"k", 1, 10.0, 0.5, prolong=True)
    if looks:
        assert values.get(b"k", 2.0) == 2
    values.expire(2.0)
    assert values.get(b"k", 2.0) == 2
    assert values.left(b"k", 2.0) == 8.5


class LmdbValuesMachine(ValuesMachine):
    def make(self, size: int = 1000) -> Values:
        self.temporary = TemporaryDirectory()
        self.place = Place(Path(self.temporary.name))
        self.reactor = Clock()
        self.turns = 0
        return self.place.values(size=size, reactor=self.reactor)

    def teardown(self) -> None:
        self.place.close()
        self.temporary.cleanup()


class LmdbValuesMachineThatWrites(LmdbValuesMachine):
    """Every second change is written before the next one."""

    def there(self, key: bytes) -> Any:
        self.turns += 1
        if self.turns % 2:
            self.reactor.advance(0)
        return super().there(key)


TestLmdbValuesMachine = LmdbValuesMachine.TestCase
TestLmdbValuesMachineThatWrites = LmdbValuesMachineThatWrites.TestCase


def test_they_are_there_after_a_restart_with_the_time_that_they_have_left(place: Place) -> None:
    values = place.values()
    values.set(b"k", "text", 100.0, 50.0)
    values.incr(b"n", 3, inf, 50.0)
    at = values.common(50.0)
    values.close()
    place.boot, place.wall = "second", place.wall + 60.0
    again = place.values()
    assert again.get(b"n", 0.0) == 3
    left = again.left(b"k", 0.0)
    assert left is not None
    assert 30.0 <= left <= 100.0
    assert again.common(0.0) >= at


def test_names_are_apart_and_pins_of_the_same_name_as_well(place: Place) -> None:
    one, two = place.values("one"), place.values("two")
    one.set(b"k", 1, 10.0, 0.0)
    assert two.get(b"k", 0.0) is None
    same = place.values("one")
    assert same.get(b"k", 0.0) == 1


def test_what_is_not_written_yet_is_done_to_what_others_have_left(place: Place) -> None:
    reactor = Clock()
    mine, other = place.values(reactor=reactor), place.values()
    assert mine.incr(b"k", 5, 10.0, 0.0) == 5
    # The other one writes first; it stands for another process.
    file = mine._file
    assert file is not None
    store = other._store

    def write(txn: Any) -> None:
        from pointsman_persistence.value_changes import Held

        store.put(txn, store.stored(b"k"), None, Held(100, 10.0 + file.shift))

    file.write(write)
    assert mine.get(b"k", 0.0) == 105
    reactor.advance(0)
    assert mine.pending == 0
    assert other.get(b"k", 0.0) == 105


COUNTER = """
import sys, time
from pathlib import Path
from pointsman_persistence.lmdb_values import LmdbValues

values = LmdbValues(Path(sys.argv[1]), "hits", 1000)
values.start(None)
for _ in range(500):
    values.incr(b"k", 1, 600.0, time.monotonic())
values.close()
"""


def test_processes_that_count_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTER, str(tmp_path / "pins")]
    running = [subprocess.Popen(command) for _ in range(4)]
    assert [one.wait(120) for one in running] == [0] * 4
    values = LmdbValues(tmp_path / "pins", "hits", 1000)
    values.start(None)
    import time

    assert values.get(b"k", time.monotonic()) == 2000
    values.close()


def test_a_file_that_fails_is_told_once_and_what_is_known_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = place.values(reactor=Clock())

    def fails(*_: object) -> None:
        raise lmdb.DiskError("oh")

    with noted_log() as events:
        values.set(b"k", 1, 10.0, 0.0)
        monkeypatch.setattr(values._store, "get", fails)
        assert values.get(b"k", 0.0) == 1
        assert values.get(b"j", 0.0) is None
        monkeypatch.undo()
        file = values._file
        assert file is not None
        monkeypatch.setattr(file, "write", fails)
        assert values.expire(0.0) == 0
        monkeypatch.undo()
    assert len(events) == 1
    assert values.expire(0.0) == 0
    assert values.get(b"k", 0.0) == 1


def test_closed_ones_know_nothing_and_take_nothing(place: Place) -> None:
    values = place.values()
    values.close()
    values.set(b"k", 1, 10.0, 0.0)
    values.drop(b"k")
    assert values.get(b"k", 0.0) is None
    assert values.incr(b"k", 1, 10.0, 0.0) == 1
    assert (len(values), values.expire(0.0), values.outlives) == (0, 0, True)


def test_a_place_is_needed(tmp_path: Path) -> None:
    settings = LmdbTableSettings(timeout=1.0)
    with pytest.raises(Misfit, match="needs a place"):
        make(settings, Surroundings("hits"))
    assert len(make(settings, Surroundings("hits", state_dir=tmp_path))) == 0
