"""The values of one name in a file: how they are stored, ordered, counted and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from struct import Struct

from pointsman_persistence.lmdb_file import PinFile, Txn
from pointsman_persistence.value_changes import Held, decoded, encoded

# Longer keys are stored by their digest.
LONGEST_KEY = 200

_PREFIX = Struct(">H")
_ENDS = Struct("<d")
_COUNT = Struct("<Q")
_COUNT_KEY = b"values:"
_PLAIN, _DIGEST = b"\x00", b"\x01"


class ValueStore:
    """Values of one name.

    A value is stored under the number of the name and its key; its key is once more under the
    number and the second of its end, which puts them in the order in which they are over.

    Args:
        file: that holds it.
        name: such as that of the table.
    """

    def __init__(self, file: PinFile, name: str) -> None:
        self._begin, self._meta = file.env.begin, file.meta
        self._values, self._ends = file.values, file.ends
        self._prefix = _PREFIX.pack(file.number(name))
        self._count_key = _COUNT_KEY + self._prefix

    def stored(self, key: bytes) -> bytes:
        """What a key is stored under."""
        if len(key) <= LONGEST_KEY:
            return self._prefix + _PLAIN + key
        return self._prefix + _DIGEST + blake2b(key, digest_size=32).digest()

    # ---- reading ----

    def get(self, stored: bytes) -> Held | None:
        """What is stored there, over its time or not. Raises lmdb.Error."""
        txn = self._begin(self._values)
        value = txn.get(stored)
        txn.abort()
        return None if value is None else _held(value)

    def get_in(self, txn: Txn, stored: bytes) -> Held | None:
        """The same in a transaction that is open."""
        value = txn.get(stored, db=self._values)
        return None if value is None else _held(value)

    def count(self) -> int:
        """How many values there are."""
        with self._begin() as txn:
            return self._count(txn)

    def _count(self, txn: Txn) -> int:
        there = txn.get(self._count_key, db=self._meta)
        return 0 if there is None else int(_COUNT.unpack(there)[0])

    def first_end(self) -> int | None:
        """The second in which the first of them ends, None without values."""
        with self._begin(self._ends) as txn:
            return next((second for second, _ in self._by_end(txn)), None)

    # ---- writing ----

    def put(self, txn: Txn, stored: bytes, there: Held | None, new: Held | None) -> None:
        """Store a value in the place of the one that is there, or forget that one."""
        if new is not None:
            txn.put(stored, _ENDS.pack(new.ends) + encoded(new.value), db=self._values)
        elif there is not None:
            txn.delete(stored, db=self._values)
        if there is None or new is None or int_end(there) != int_end(new):
            if there is not None:
                txn.delete(self._end(stored, there), db=self._ends)
            if new is not None:
                txn.put(self._end(stored, new), b"", db=self._ends)
        if (there is None) is not (new is None):
            count = self._count(txn) + (1 if there is None else -1)
            txn.put(self._count_key, _COUNT.pack(max(0, count)), db=self._meta)

    def make_room(self, txn: Txn, size: int, spared: Callable[[bytes], bool]) -> None:
        """Forget what ends first until no more than ``size`` are left, but for what is spared."""
        too_many = self._count(txn) - size
        if too_many <= 0:
            return
        victims: list[bytes] = []
        for _, stored in self._by_end(txn):
            if len(victims) == too_many:
                break
            if not spared(stored):
                victims.append(stored)
        self._forget(txn, victims)

    def forget_over(self, txn: Txn, at: float, most: int) -> int:
        """Forget what ended before ``at``, at most so many; how many that was."""
        victims: list[bytes] = []
        for second, stored in self._by_end(txn):
            if second > at or len(victims) == most:
                break
            there = self.get_in(txn, stored)
            if there is not None and there.ends <= at:
                victims.append(stored)
        self._forget(txn, victims)
        return len(victims)

    def _forget(self, txn: Txn, victims: list[bytes]) -> None:
        for stored in victims:
            self.put(txn, stored, self.get_in(txn, stored), None)

    # ---- the order of ends ----

    def _end(self, stored: bytes, held: Held) -> bytes:
        return self._prefix + int_end(held).to_bytes(4, "big") + stored[2:]

    def _by_end(self, txn: Txn) -> Iterator[tuple[int, bytes]]:
        """The second of each end and what is stored, the first end first."""
        cursor = txn.cursor(self._ends)
        there = cursor.set_range(self._prefix)
        while there:
            end = cursor.key()
            if not end.startswith(self._prefix):
                return
            yield int.from_bytes(end[2:6], "big"), self._prefix + end[6:]
            there = cursor.next()


def int_end(held: Held) -> int:
    """The second of its end; those that have none come last."""
    return int(min(max(held.ends, 0.0), 2.0**32 - 1))


def _held(data: bytes) -> Held:
    return Held(decoded(data[8:]), _ENDS.unpack_from(data)[0])
