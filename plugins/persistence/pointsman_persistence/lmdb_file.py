"""The file in which ``lmdb`` tables keep their pins: opened once in a process, shared by many."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Any, Protocol, TypeAlias, TypeVar
from weakref import WeakValueDictionary

import lmdb
from twisted.logger import Logger

from pointsman.model.errors import TableError
from pointsman_persistence.lmdb_clock import FORMAT_KEY, SharedClock, boot_id

FORMAT = b"pointsman pins 1"
# What the file is mapped with at first; it is doubled whenever it is full.
MAP_SIZE = 64 * 2**20
MAX_READERS = 1024
# Seconds between two times that the disk is told to write; a power cut loses no more than this.
SYNC_EVERY = 1.0
# Syncs between two looks for readers that died and still hold old pages.
CHECKS_EVERY = 10

_POOL = Struct(">H")
_POOL_KEY = b"pool:"

# LMDB lets a process open a file only once, so whoever opens it again must be given the same.
_OPEN: WeakValueDictionary[str, PinFile] = WeakValueDictionary()

T = TypeVar("T")
Txn: TypeAlias = "lmdb.Transaction[bytes]"


class Writes(Protocol):
    """A table that has something to write."""

    def write(self, txn: Txn) -> Callable[[], None]:
        """Write what is pending, or a part of it; what is returned is called once it is there."""

    @property
    def pending(self) -> int:
        """How much is left to be written."""


def taken_off(changes: dict[bytes, T], written: Mapping[bytes, T]) -> Callable[[], None]:
    """What to call once changes are written: they are pending no more, unless changed again."""

    def is_there() -> None:
        for stored, change in written.items():
            if changes.get(stored) is change:
                del changes[stored]

    return is_there


def opened(
    folder: Path,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
    boot: str | None = None,
) -> PinFile:
    """The file in that folder, made if it is not there yet.

    Args:
        folder: is made with mode 0700 if it is not there.
        clock: monotonic seconds, those that are passed to tables.
        wall: seconds since the epoch.
        boot: what tells one run of the machine from another; found out by itself.

    Raises:
        TableError: it cannot be opened, or is something else.
    """
    name = os.path.realpath(folder)
    file = _OPEN.get(name)
    if file is None or file.closed:
        file = _OPEN[name] = PinFile(folder, clock, wall, boot_id() if boot is None else boot)
    file.users += 1
    return file


class PinFile:
    """An LMDB environment with the databases of all tables, and the writing to it.

    Changes wait in their tables and are written together in one transaction, at the next turn
    of the reactor. A commit hands the pages to the kernel, so they survive the end of this
    process however it comes; a thread tells the disk to write them each second.

    Attributes:
        pins: database of pins; keys begin with the number of their table.
        ages: database that orders the keys of pins by the second of their last use.
        values: database of values that are no pins; keys begin with the number of their name.
        ends: database that orders the keys of values by the second of their end.
        meta: database of everything else.
        users: tables that use it; the last one closes it.
        shift: what is added to the clock's seconds to make those that are stored.
    """

    log = Logger()

    def __init__(
        self, folder: Path, clock: Callable[[], float], wall: Callable[[], float], boot: str
    ) -> None:
        self.folder = folder
        self.users = 0
        self.closed = False
        self._reactor: Any = None
        self._call: Any = None
        self._dirty: dict[int, Writes] = {}
        self._unsynced = False
        self._written: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing = ""
        self._clock = SharedClock(clock, wall, boot)
        self.env = _environment(folder)
        try:
            self.meta = self.env.open_db(b"meta")
            self.pins = self.env.open_db(b"pins")
            self.ages = self.env.open_db(b"ages")
            self.values = self.env.open_db(b"values")
            self.ends = self.env.open_db(b"ends")
            self.write(self._begin)
        except lmdb.Error as error:
            self.env.close()
            raise TableError(f"{folder}: {error}; {_WHAT_TO_DO}") from None
        except BaseException:
            self.env.close()
            raise
        self.shift = self._clock.shift

    def _begin(self, txn: Txn) -> None:
        there = txn.get(FORMAT_KEY, db=self.meta)
        if there is None:
            if txn.stat(self.pins)["entries"]:
                raise TableError(f"{self.folder} holds something else than pins; {_WHAT_TO_DO}")
            txn.put(FORMAT_KEY, FORMAT, db=self.meta)
        elif there != FORMAT:
            told = there.decode("ascii", "replace")
            raise TableError(
                f"{self.folder} is of the format {told!r}, this program writes "
                f"{FORMAT.decode()!r}; {_WHAT_TO_DO}"
            )
        self._clock.begin(txn, self.meta)

    def start(self, reactor: Any) -> None:
        """Write in turns of this reactor from now on; with None everything is written at once."""
        if reactor is None or self._reactor is not None:
            return
        self._reactor = reactor
        name = f"sync of {self.folder}"
        self._thread = threading.Thread(target=self._sync_now_and_then, name=name, daemon=True)
        self._thread.start()

    def number(self, name: str) -> int:
        """The number that this table has in the file, a new one for a new name."""
        key = _POOL_KEY + name.encode()
        number = 0

        def find(txn: Txn) -> None:
            nonlocal number
            there = txn.get(key, db=self.meta)
            if there is None:
                cursor = txn.cursor(self.meta)
                taken = {
                    _POOL.unpack(value)[0]
                    for found, value in (cursor if cursor.set_range(_POOL_KEY) else ())
                    if found.startswith(_POOL_KEY)
                }
                free = next((n for n in range(2**16) if n not in taken), None)
                if free is None:
                    raise TableError(f"{self.folder} holds the pins of 65536 pools; {_WHAT_TO_DO}")
                there = _POOL.pack(free)
                txn.put(key, there, db=self.meta)
            (number,) = _POOL.unpack(there)

        self.write(find)
        return number

    # ---- writing ----

    def changed(self, table: Writes, *, now: bool = False) -> None:
        """This table has something to write: at the next turn, together with the others.

        With ``now`` it is written at once, for three times the work.
        """
        self._dirty[id(table)] = table
        if self._reactor is None:
            self.flush()
            return
        if now:
            self.flush(at_once=False)
            if not self._dirty or self._failing:
                return
        if self._call is None:
            self._call = self._reactor.callLater(0, self._turn)

    def _turn(self) -> None:
        self._call = None
        self.flush(at_once=False)
        if self._dirty and not self._failing:
            self._call = self._reactor.callLater(0, self._turn)

    def flush(self, *, at_once: bool = True) -> None:
        """Write what is pending: all of it, or as much as a turn should take.

        What cannot be written, as on a full disk, stays pending and is tried again.
        """
        while self._dirty:
            try:
                self.write(self._write_dirty)
            except lmdb.Error as error:
                self.failed(error)
                return
            if self._failing:
                self.log.info("{folder}: pins are written again", folder=self.folder)
                self._failing = ""
            for written in self._written:
                written()
            self._dirty = {key: table for key, table in self._dirty.items() if table.pending}
            if not at_once:
                return

    def _write_dirty(self, txn: Txn) -> None:
        self._written = [table.write(txn) for table in self._dirty.values()]
        self._clock.note(txn, self.meta)

    def write(self, work: Callable[[Txn], object]) -> None:
        """Do some work in one transaction; it may be called again, with a larger map.

        Raises:
            lmdb.Error: it could not be written.
        """
        while True:
            try:
                with self.env.begin(write=True) as txn:
                    work(txn)
                self._unsynced = True
                return
            except lmdb.MapFullError:
                self.env.set_mapsize(self.env.info()["map_size"] * 2)
            except lmdb.MapResizedError:
                self.resized()

    def forget(self, some: Callable[[Txn], int]) -> int:
        """Forget something in a transaction of its own; how much that was, 0 if it failed."""
        gone = 0

        def work(txn: Txn) -> None:
            nonlocal gone
            gone = some(txn)

        try:
            self.write(work)
        except lmdb.Error as error:
            self.failed(error)
            return 0
        return gone

    def resized(self) -> None:
        """Another process has made the map larger: take it as it is now."""
        self.env.set_mapsize(0)

    def failed(self, error: lmdb.Error) -> None:
        """Reading or writing failed; say it once and go on with what is in memory."""
        if str(error) != self._failing:
            self._failing = str(error)
            self.log.error(
                "{folder}: {error}; pins are kept in memory, and lost if this goes on to the end",
                folder=self.folder,
                error=error,
            )

    def _sync_now_and_then(self) -> None:
        rounds = 0
        while not self._stop.wait(SYNC_EVERY):
            with suppress(lmdb.Error):  # the next commit fails as well, and says so
                rounds += 1
                if rounds % CHECKS_EVERY == 0:
                    self.env.reader_check()
                if self._unsynced:
                    self._unsynced = False
                    self.env.sync(True)

    def release(self, table: Writes) -> None:
        """A table needs it no more; after the last one everything is written and closed."""
        if self._dirty:
            self.flush()
        self._dirty.pop(id(table), None)
        self.users -= 1
        if self.users:
            return
        self.closed = True
        _OPEN.pop(os.path.realpath(self.folder), None)
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(lmdb.Error):
            self.env.sync(True)
        self.env.close()


_WHAT_TO_DO = "move it away, or give another `path`"


def check_folder(folder: Path) -> None:
    """See that this may be a folder of ours, without touching it.

    Raises:
        ValueError: it is something else; says what to do.
    """
    data = folder / "data.mdb"
    try:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is no folder; {_WHAT_TO_DO}")
        if not data.exists():
            return
        with open(data, "rb") as file:
            begin = file.read(64)
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    if begin and b"\xde\xc0\xef\xbe" not in begin and b"\xbe\xef\xc0\xde" not in begin:
        raise ValueError(f"{data} is no file of pins; {_WHAT_TO_DO}")


def _environment(folder: Path) -> lmdb.Environment:
    try:
        check_folder(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        env = lmdb.Environment(
            str(folder), map_size=MAP_SIZE, mode=0o600, max_dbs=5, max_readers=MAX_READERS,
            max_spare_txns=4, sync=False, metasync=False, readahead=False, lib_version=0,
        )  # fmt: skip
    except ValueError as error:
        raise TableError(str(error)) from None
    except OSError as error:
        raise TableError(f"{error.filename}: {error.strerror}") from None
    except lmdb.Error as error:
        raise TableError(f"{folder}: {error}; {_WHAT_TO_DO}") from None
    # Reading behind the end of a file that was cut would end this process.
    pages = env.info()["last_pgno"] + 1
    if (folder / "data.mdb").stat().st_size < pages * env.stat()["psize"]:
        env.close()
        raise TableError(f"{folder / 'data.mdb'} is cut off; {_WHAT_TO_DO}")
    env.reader_check()
    return env
