"""Tests of the file of pins: what may be opened, how it grows, what is said when it fails."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest
from twisted.internet.task import Clock
from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.running_site import eventually
from pointsman.model.errors import TableError
from pointsman_persistence import lmdb_file
from pointsman_persistence.lmdb_file import PinFile, Txn, check_folder, opened, taken_off
from pointsman_persistence.lmdb_table import LmdbTable


class Writer:
    """A table that writes what a test wants."""

    def __init__(self, work: Callable[[Txn], object] = lambda txn: None) -> None:
        self.work = work
        self.pending = 1

    def write(self, txn: Txn) -> Callable[[], None]:
        self.work(txn)
        return self.done

    def done(self) -> None:
        self.pending = 0


def closed(file: PinFile) -> None:
    file.release(Writer())


def test_it_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "pins"
    closed(opened(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "data.mdb").stat().st_mode) == 0o600


def test_who_opens_it_again_is_given_the_same(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path / "." / "")
    assert one is two
    closed(one)
    two.write(lambda txn: None)
    closed(two)
    again = opened(tmp_path)
    assert again is not one
    closed(again)


def test_tables_keep_their_numbers(tmp_path: Path) -> None:
    file = opened(tmp_path)
    assert [file.number(name) for name in ("web", "mail", "web")] == [0, 1, 0]
    closed(file)
    file = opened(tmp_path)
    assert [file.number(name) for name in ("new", "mail", "web")] == [2, 1, 0]
    closed(file)


# ---- what is there already ----


def test_what_is_no_file_of_ours_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x")
    with pytest.raises(ValueError, match="no folder; move it away, or give another `path`"):
        check_folder(tmp_path / "a file")
    (tmp_path / "data.mdb").write_text("an essay" * 1000)
    with pytest.raises(ValueError, match="no file of pins"):
        check_folder(tmp_path)
    with pytest.raises(TableError, match="no file of pins"):
        opened(tmp_path)
    assert (tmp_path / "data.mdb").read_text().startswith("an essay")


def test_what_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    check_folder(tmp_path / "not there")
    (tmp_path / "data.mdb").write_bytes(b"")  # a process that was killed while it made it
    check_folder(tmp_path)
    closed(opened(tmp_path))


def test_an_lmdb_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with lmdb.Environment(str(tmp_path), max_dbs=3) as env:
        db = env.open_db(b"pins")
        with env.begin(write=True) as txn:
            txn.put(b"k", b"v", db=db)
    with pytest.raises(TableError, match="something else than pins"):
        opened(tmp_path)


def test_another_format_is_refused_by_name(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write(lambda txn: txn.put(b"format", b"pointsman pins 7", db=file.meta))
    closed(file)
    with pytest.raises(TableError, match=r"format 'pointsman pins 7'.*move it away"):
        opened(tmp_path)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.write(lambda txn: [txn.put(b"%d" % n, bytes(400), db=file.pins) for n in range(500)])
    closed(file)
    os.truncate(tmp_path / "data.mdb", 32768)
    with pytest.raises(TableError, match="cut off"):
        opened(tmp_path)


def test_a_file_with_a_broken_head_is_refused(tmp_path: Path) -> None:
    closed(opened(tmp_path))
    data = bytearray((tmp_path / "data.mdb").read_bytes())
    for page in (0, 4096):
        data[page + 16 : page + 20] = b"\xde\xc0\xef\xbe"  # the magic number stays
        data[page + 20 : page + 24] = b"\xff\xff\xff\x7f"  # and the version does not
    (tmp_path / "data.mdb").write_bytes(data)
    with pytest.raises(TableError, match="move it away"):
        opened(tmp_path)


def test_a_place_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match="Not a directory"):
        opened(tmp_path / "file" / "pins")


# ---- growing ----


def test_the_map_grows_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmdb_file, "MAP_SIZE", 128 * 1024)
    table = LmdbTable(tmp_path, "web", 1_000_000, 60.0)
    table.start(None)
    for n in range(3000):
        table.put(b"client number %d" % n, "a", 0.0)
    assert len(table) == 3000
    file = opened(tmp_path)
    assert file.env.info()["map_size"] >= 512 * 1024
    closed(file)
    table.close()


CHILD = """
import sys
from pathlib import Path
from pointsman_persistence.lmdb_table import LmdbTable
table = LmdbTable(Path(sys.argv[1]), "web", 1_000_000, 60.0)
table.start(None)
for n in range(40_000):
    table._changes or None
    table.put(b"other %d" % n, "of the child", 0.0) if n % 50 else table.put(b"k" * 100, "b", 0.0)
"""


def test_a_map_that_another_process_enlarged_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_file, "MAP_SIZE", 128 * 1024)
    table = LmdbTable(tmp_path, "web", 1_000_000, 60.0)
    table.start(None)
    table.put(b"mine", "a", 0.0)
    subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], check=True, timeout=120)
    assert table.find(b"other 39999", 0.0) is not None
    assert table.find(b"mine", 0.0) is not None
    table.put(b"later", "a", 0.0)
    assert table.counts()["of the child"] > 30_000
    table.close()


# ---- failing ----


class FullDisk:
    """An environment that cannot be written for a while."""

    def __init__(self, env: lmdb.Environment) -> None:
        self._env = env
        self.full = True

    def begin(self, db: Any = None, *, write: bool = False) -> Any:
        if write and self.full:
            raise lmdb.DiskError("mdb_txn_commit: No space left on device")
        return self._env.begin(db, write=write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


def test_a_full_disk_is_told_once_and_pins_wait_in_memory(tmp_path: Path) -> None:
    reactor = Clock()
    table = LmdbTable(tmp_path, "web", 1000, 60.0)
    table.start(reactor)
    file = table._file
    assert file is not None
    disk: Any = FullDisk(file.env)
    file.env = disk
    with noted_log() as events:
        for n in range(5):
            table.put(b"%d" % n, "a", float(n))
            reactor.advance(0)
            table.expire(float(n))
        assert table.find(b"0", 5.0) is not None
        disk.full = False
        table.expire(6.0)
    told = [formatEvent(event) for event in events]
    assert len(told) == 2
    assert "No space left on device" in told[0]
    assert "written again" in told[1]
    assert len(table) == 5
    table.close()


def test_a_reader_that_fails_finds_nothing_and_says_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = LmdbTable(tmp_path, "web", 1000, 60.0)
    table.start(None)
    table.put(b"k", "a", 0.0)

    def broken(*arguments: object) -> None:
        raise lmdb.CorruptedError("mdb_get: Located page was wrong type")

    monkeypatch.setattr(table._pool, "_begin", broken)
    with noted_log() as events:
        assert table.find(b"k", 1.0) is None
        assert table.find(b"k", 2.0) is None
    assert len(events) == 1
    assert "Located page was wrong type" in formatEvent(events[0])
    monkeypatch.undo()
    table.close()


def test_a_thread_tells_the_disk_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmdb_file, "SYNC_EVERY", 0.0)
    monkeypatch.setattr(lmdb_file, "CHECKS_EVERY", 1)
    file = opened(tmp_path)
    file.start(Clock())
    thread = file._thread
    assert thread is not None
    file.write(lambda txn: txn.put(b"k", b"v", db=file.pins))
    eventually(lambda: not file._unsynced)
    closed(file)
    assert not thread.is_alive()
    shutil.rmtree(tmp_path)


def test_what_was_changed_again_while_it_was_written_stays_pending() -> None:
    first, second, later = object(), object(), object()
    changes = {b"a": first, b"b": later}
    taken_off(changes, {b"a": first, b"b": second})()
    assert changes == {b"b": later}


def test_forgetting_tells_how_much_or_that_it_failed(tmp_path: Path) -> None:
    file = opened(tmp_path)
    assert file.forget(lambda txn: 3) == 3

    def fails(txn: Txn) -> int:
        raise lmdb.Error("no")

    with noted_log() as events:
        assert file.forget(fails) == 0
    assert len(events) == 1
    file.release(LmdbTable(tmp_path, "web", 1, 1.0))
