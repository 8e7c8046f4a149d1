"""``lmdb``: a table in a file, shared by the processes of a machine, there after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import lmdb
from pydantic import Field

from pointsman.contracts import Duration, Misfit, Pin, Settings, Surroundings, Table
from pointsman_persistence.lmdb_changes import ANY, Change, Known, merged
from pointsman_persistence.lmdb_file import PinFile, Txn, check_folder, opened, taken_off
from pointsman_persistence.lmdb_pool import LONGEST_KEY, PinPool

# Folder of the file below `state_dir`.
FOLDER = "pins"
# Changes written in one transaction, and pins expired in one; a few milliseconds of work.
AT_ONCE = 1000
# Pins in one slice of `entries`.
SLICE = 1000
# A use is written down once the one before it is this part of the timeout old.
PARTS = 16


class LmdbTableSettings(Settings):
    """Where the pins are, how many, and how long.

    Attributes:
        path: folder of the file, relative to the configuration; ``pins`` in ``state_dir`` if
            there is none. Several pools and several processes may use the same.
        size: number of pins of this pool; those not used for the longest time make room.
        timeout: seconds since its last use until a pin is forgotten; set by the persistence.
        max_age: seconds since it was made, likewise; None for no such end.
    """

    path: str = Field(default="", pattern=r"^[^\x00]*$", examples=["/var/lib/pointsman/pins"])
    size: int = Field(default=1_000_000, ge=1)
    timeout: Duration = Field(gt=0)
    max_age: Duration | None = Field(default=None, gt=0)


class LmdbTable(Table):
    """Pins in an LMDB file: read there on each find, written together at the next turn.

    Until they are written, changes are kept beside the file and are found first, so this process
    sees its own changes at once and the others see them a turn of the reactor later. What two
    processes pin at the same time is decided when it is written: the first one wins where
    `put_if_absent` was asked for, and a drop forgets only the pin that was seen.

    A use is written down when the one before it is a 16th of the timeout old. A pin is over
    when nothing was written for 17 16ths of it: never early, and up to a 16th late.

    Args:
        folder: of the file.
        name: of the table in it, such as that of its pool.
        size: pins at most, at least 1.
        timeout: seconds, above 0.
        max_age: seconds, above 0; None for no such end.
        opens: opens the file; see `lmdb_file.opened`.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        size: int,
        timeout: float,
        max_age: float | None = None,
        opens: Callable[[Path], PinFile] = opened,
    ) -> None:
        self._folder = folder
        self._name = name
        self._size = size
        self._timeout = timeout
        self._max_age = inf if max_age is None else max_age
        self._opens = opens
        self._grain = timeout / PARTS
        self._silence = timeout + self._grain
        self._changes: dict[bytes, Change] = {}
        self._file: PinFile | None = None

    @property
    def timeout(self) -> float:
        """Seconds from its last use until a pin is forgotten."""
        return self._timeout

    @property
    def max_age(self) -> float | None:
        """Seconds from when it was made, or None."""
        return None if self._max_age == inf else self._max_age

    @property
    def outlives(self) -> bool:
        """True: whoever may read the file can see and steer its pins."""
        return True

    def start(self, reactor: Any) -> None:
        """Open the file. With None for a reactor each change is written at once.

        Raises:
            TableError: it cannot be opened.
        """
        if self._file is None:
            file = self._opens(self._folder)
            self._pool = PinPool(file, self._name)
            self._plain = self._pool.plain
            self._stored = self._pool.stored
            self._shift = file.shift
            self._file = file
        self._file.start(reactor)

    # ---- on the way of a request ----

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""
        stored = self._plain + key if len(key) <= LONGEST_KEY else self._stored(key)
        known = self._known(stored)
        if known is None:
            return None
        at = now + self._shift
        silent = at - known.used
        if silent >= self._silence or at - known.made >= self._max_age:
            return None
        if silent >= self._grain:
            self._use(stored, key, known, at)
        return Pin(known.member, known.made - self._shift, now)

    def peek(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, or None; this is no use."""
        if self._file is None:
            return None  # who explains a choice looks at what need not be open
        known = self._known(self._stored(key))
        if known is None or self._is_over(known, now + self._shift):
            return None
        return self._pin(known)

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there.

        It is written before this returns: what a client is told in an answer it may tell another
        process before the next turn of ours begins.
        """
        at = now + self._shift
        self._change(self._stored(key), Change(key, Known(member, at, at), ANY), now=True)

    def put_if_absent(self, key: bytes, member: str, now: float) -> Pin:
        """Pin a key to a member unless it is pinned already; the pin that holds."""
        pin = self.find(key, now)
        if pin is None:
            at = now + self._shift
            self._change(self._stored(key), Change(key, Known(member, at, at), None))
            pin = Pin(member, now, now)
        return pin

    def drop(self, key: bytes) -> None:
        """Forget a key; a pin that another process made meanwhile stays."""
        stored = self._stored(key)
        known = self._known(stored)
        if known is not None:
            self._change(stored, Change(key, None, known))

    # ---- seeing and steering ----

    def move(self, key: bytes, member: str, now: float) -> bool:
        """Give a live pin to another member, its times kept; False if there is none."""
        stored = self._stored(key)
        known = self._known(stored)
        if known is None or self._is_over(known, now + self._shift):
            return False
        self._change(stored, Change(key, Known(member, known.made, known.used), ANY))
        return True

    def restore(self, key: bytes, pin: Pin) -> None:
        """Take over a pin with its times, replacing what was there."""
        known = Known(pin.member, pin.made + self._shift, pin.used + self._shift)
        self._change(self._stored(key), Change(key, known, ANY))

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        """All live pins, some at a time, as they are in the file."""
        self._flush()
        at = now + self._shift
        for part in self._pool.slices(SLICE):
            alive = [(key, self._pin(it)) for key, it in part if not self._is_over(it, at)]
            if alive:
                yield alive

    def counts(self) -> Mapping[str, int]:
        """How many pins each member has in the file, whoever made them."""
        self._flush()
        return self._pool.counts()

    def expire(self, now: float) -> int:
        """Forget what is over its time; how many pins that was."""
        file = self._file
        if file is None:
            return 0
        self._flush()
        over = now + self._shift - self._silence
        oldest = self._pool.oldest()
        if oldest is None or oldest > over:
            return 0
        return file.forget(lambda txn: self._pool.forget_over(txn, over, AT_ONCE))

    def __len__(self) -> int:
        """How many pins there are in the file, whoever made them."""
        return sum(self.counts().values())

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        file = self._file
        if file is not None:
            file.release(self)
            self._file = None

    # ---- what is known of a key ----

    def _known(self, stored: bytes) -> Known | None:
        """The pin of a key, over its time or not."""
        change = self._changes.get(stored)
        if change is not None:
            return change.new
        try:
            return self._pool.get(stored)
        except lmdb.Error as error:
            return self._known_after(error, stored)

    def _known_after(self, error: lmdb.Error, stored: bytes) -> Known | None:
        if self._file is None:
            return None  # a request of before a reload that came to its end after it
        if isinstance(error, lmdb.MapResizedError):
            self._file.resized()
            return self._known(stored)
        self._file.failed(error)
        return None

    def _is_over(self, known: Known, at: float) -> bool:
        return at - known.used >= self._silence or at - known.made >= self._max_age

    def _pin(self, known: Known) -> Pin:
        return Pin(known.member, known.made - self._shift, known.used - self._shift)

    # ---- changes, and how they are written ----

    def _use(self, stored: bytes, key: bytes, known: Known, at: float) -> None:
        if stored in self._changes:
            known.used = at  # is part of what will be written
        else:
            new = Known(known.member, known.made, at)
            self._change(stored, Change(key, new, known, is_use=True))

    def _change(self, stored: bytes, change: Change, *, now: bool = False) -> None:
        if self._file is None:
            return
        before = self._changes.get(stored)
        self._changes[stored] = change if before is None else merged(before, change)
        self._file.changed(self, now=now)

    def _flush(self) -> None:
        if self._file is not None and self._changes:
            self._file.flush()

    @property
    def pending(self) -> int:
        """How many changes are left to be written."""
        return len(self._changes)

    def write(self, txn: Txn) -> Callable[[], None]:
        """Write some changes in this transaction (`lmdb_file.Writes`)."""
        pool = self._pool
        counts = pool.members.read(txn)
        written: dict[bytes, Change] = {}
        for stored, change in self._changes.items():
            if len(written) == AT_ONCE:
                break
            written[stored] = change
            there = pool.get_in(txn, stored)
            if there is None:
                if change.is_use:
                    continue
            elif not change.may_replace(there, self._silence, self._max_age):
                continue
            else:
                pool.delete(txn, stored, there, counts)
            if change.new is not None:
                pool.insert(txn, stored, change.key, change.new, counts)
        too_many = sum(counts.values()) - self._size
        if too_many > 0:
            all_are_new = len(written) > self._size
            spared = () if all_are_new else written
            pool.make_room(txn, too_many, spared.__contains__, counts)
        pool.members.write(txn, counts)
        return taken_off(self._changes, written)


def make(settings: LmdbTableSettings, surroundings: Surroundings) -> LmdbTable:
    """A table for one pool; nothing is opened yet.

    Raises:
        Misfit: there is no place for the file.
        ValueError: something else is there.
    """
    folder = folder_of(settings, surroundings, ("persistence", "table"))
    return LmdbTable(folder, surroundings.pool, settings.size, settings.timeout, settings.max_age)


def folder_of(settings: LmdbTableSettings, surroundings: Surroundings, at: Sequence[str]) -> Path:
    """The folder of the file.

    Args:
        settings: may name it.
        surroundings: have the place where it is by default.
        at: keys under which the settings stand.

    Raises:
        Misfit: there is no place for the file.
        ValueError: something else is there.
    """
    if settings.path:
        folder = surroundings.folder((*at, "path")).absolute() / settings.path
    elif surroundings.state_dir is not None:
        folder = surroundings.state_dir / FOLDER
    else:
        raise Misfit(
            "this table needs a place for its file",
            "set `state_dir` at the top level, or give a `path` here",
        )
    check_folder(folder)
    return folder
