"""``lmdb`` for values: counters and the like in a file, shared by processes, kept for restarts."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import lmdb

from pointsman.contracts import Offer, Surroundings
from pointsman.contracts.values import Value, Values
from pointsman_persistence.lmdb_file import PinFile, Txn, opened, taken_off
from pointsman_persistence.lmdb_table import AT_ONCE, LmdbTableSettings, folder_of
from pointsman_persistence.lmdb_table import make as make_table
from pointsman_persistence.lmdb_value_store import ValueStore
from pointsman_persistence.value_changes import (
    ADD,
    DROP,
    SET,
    Held,
    ValueChange,
    combined,
    counting,
    is_number,
    over,
)

# Names of pools are printable: no table of pins is called so.
_NAMED = "\0values of "


class _Pending(NamedTuple):
    """A change that is not written yet.

    Attributes:
        change: what is to be done.
        since: second of the file at which it was begun. What was there then counts, even if it
            would have ended by now: the change may be what keeps it alive.
    """

    change: ValueChange
    since: float


class LmdbValues(Values):
    """Values in an LMDB file: read there, changed there together at the next turn.

    What is to be changed is kept beside the file until then, as a change and not as its outcome:
    in the transaction that writes it, it is done to what other processes have left there. So
    nothing that is counted is lost, and who sets a value last wins.

    Args:
        folder: of the file.
        name: of the values in it.
        size: values at most; those that end first make room.
        opens: opens the file; see `lmdb_file.opened`.
    """

    def __init__(
        self, folder: Path, name: str, size: int, opens: Callable[[Path], PinFile] = opened
    ) -> None:
        self._folder = folder
        self._name = _NAMED + name
        self._size = size
        self._opens = opens
        self._changes: dict[bytes, _Pending] = {}
        self._file: PinFile | None = None
        self._shift = 0.0
        self._latest = 0.0

    @property
    def outlives(self) -> bool:
        """True."""
        return True

    def start(self, reactor: Any) -> None:
        """Open the file. With None for a reactor each change is written at once.

        Raises:
            TableError: it cannot be opened.
        """
        if self._file is None:
            file = self._opens(self._folder)
            self._store = ValueStore(file, self._name)
            self._shift = file.shift
            self._file = file
        self._file.start(reactor)

    def common(self, now: float) -> float:
        """Seconds of the file's own clock."""
        return now + self._shift

    # ---- what is known ----

    def _there(self, stored: bytes, now: float) -> Held | None:
        """The live value as it will be once all is written."""
        self._latest = now
        held = self._read(stored)
        at = now + self._shift
        pending = self._changes.get(stored)
        if pending is not None:
            held = pending.change.apply(_alive(held, pending.since))
        return _alive(held, at)

    def _read(self, stored: bytes) -> Held | None:
        file = self._file
        if file is None:
            return None  # a request of before a reload that came to its end after it
        try:
            return self._store.get(stored)
        except lmdb.MapResizedError:
            file.resized()
            return self._read(stored)
        except lmdb.Error as error:
            file.failed(error)
            return None

    def get(self, key: bytes, now: float) -> Value | None:
        """The live value of that key, or None."""
        held = self._there(self._stored(key), now)
        return None if held is None else held.value

    def left(self, key: bytes, now: float) -> float | None:
        """Seconds that it still has, infinity for ever; None if there is none."""
        held = self._there(self._stored(key), now)
        return None if held is None else held.ends - now - self._shift

    def __len__(self) -> int:
        """How many values there are in the file, whoever made them."""
        if self._file is None:
            return 0
        self._file.flush()
        return self._store.count()

    # ---- what is changed ----

    def set(self, key: bytes, value: Value, ttl: float, now: float) -> None:
        """Set a value, whatever is there."""
        self._latest = now
        held = Held(value, now + self._shift + ttl)
        self._change(self._stored(key), ValueChange(SET, held), None)

    def add(self, key: bytes, value: Value, ttl: float, now: float) -> bool:
        """Set a value if there is none; another process may just have done so as well."""
        stored = self._stored(key)
        if self._there(stored, now) is not None:
            return False
        self._change(stored, ValueChange(ADD, Held(value, now + self._shift + ttl)), None)
        return True

    def incr(
        self,
        key: bytes,
        by: float,
        ttl: float,
        now: float,
        *,
        least: float = -inf,
        prolong: bool = False,
    ) -> int | float | None:
        """Count up; see ``Values``."""
        stored = self._stored(key)
        there = self._there(stored, now)
        if there is not None and not is_number(there.value):
            return None
        change = counting(by, least, now + self._shift + ttl, prolong, there)
        made = change.apply(there)
        self._change(stored, change, there)
        assert made is not None
        assert not isinstance(made.value, str)
        return made.value

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        self._change(self._stored(key), ValueChange(DROP), None)

    def _stored(self, key: bytes) -> bytes:
        return self._store.stored(key) if self._file is not None else key

    def _change(self, stored: bytes, change: ValueChange, there: Held | None) -> None:
        if self._file is None:
            return
        pending = self._changes.get(stored)
        before = None if pending is None else pending.change
        if there is None:
            before = over(before)
        since = self._latest + self._shift if pending is None or before is None else pending.since
        self._changes[stored] = _Pending(combined(before, change), since)
        self._file.changed(self)

    # ---- writing (`lmdb_file.Writes`) ----

    @property
    def pending(self) -> int:
        """How many changes are left to be written."""
        return len(self._changes)

    def write(self, txn: Txn) -> Callable[[], None]:
        """Do some changes in this transaction."""
        store = self._store
        written: dict[bytes, _Pending] = {}
        for stored, pending in self._changes.items():
            if len(written) == AT_ONCE:
                break
            written[stored] = pending
            there = store.get_in(txn, stored)
            store.put(txn, stored, there, pending.change.apply(_alive(there, pending.since)))
        spared = () if len(written) > self._size else written
        store.make_room(txn, self._size, spared.__contains__)
        return taken_off(self._changes, written)

    def expire(self, now: float) -> int:
        """Forget what is over its time; how many values that was."""
        file = self._file
        if file is None:
            return 0
        self._latest = now
        file.flush()
        at = now + self._shift
        first = self._store.first_end()
        if first is None or first > at:
            return 0
        return file.forget(lambda txn: self._store.forget_over(txn, at, AT_ONCE))

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        file = self._file
        if file is not None:
            file.release(self)
            self._file = None


def _alive(held: Held | None, at: float) -> Held | None:
    """The same unless it has ended by then."""
    return None if held is None or held.ends <= at else held


def make(settings: LmdbTableSettings, surroundings: Surroundings) -> LmdbValues:
    """Values of one name; nothing is opened yet.

    Raises:
        Misfit: there is no place for the file.
        ValueError: something else is there.
    """
    return LmdbValues(
        folder_of(settings, surroundings, ("table",)), surroundings.pool, settings.size
    )


OFFER = Offer(
    LmdbTableSettings,
    make_table,
    "Pins or values in a file, shared by processes, kept over a restart.",
    values=make,
)
