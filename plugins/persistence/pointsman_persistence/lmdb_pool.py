"""The pins of one table in a file: how they are stored, ordered, counted and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from struct import Struct

from pointsman_persistence.lmdb_changes import Known
from pointsman_persistence.lmdb_file import PinFile, Txn
from pointsman_persistence.lmdb_members import MemberCounts

# Longer keys are stored by their digest, the key itself behind the record.
LONGEST_KEY = 200

_POOL = Struct(">H")
_SECOND = Struct(">HI")
_RECORD = Struct("<Idd")  # number of the member, when the pin was made, when it was used
_PLAIN, _DIGEST = b"\x00", b"\x01"

Counts = dict[str, int]


class PinPool:
    """Pins of one table.

    A pin is stored under the number of its table and its key. The same under the number of the
    table and the second of the last use, which puts them in the order in which they are over.

    Args:
        file: that holds it.
        name: of the table.

    Attributes:
        plain: what stands before a key that is not too long, see `stored`.
        members: names and numbers of the members.
    """

    def __init__(self, file: PinFile, name: str) -> None:
        self._begin, self._pins, self._ages = file.env.begin, file.pins, file.ages
        self._prefix = _POOL.pack(file.number(name))
        self.plain = self._prefix + _PLAIN
        self.members = MemberCounts(file.meta, self._prefix)
        self._names = self.members.names

    def stored(self, key: bytes) -> bytes:
        """What a key is stored under."""
        if len(key) <= LONGEST_KEY:
            return self.plain + key
        return self._prefix + _DIGEST + blake2b(key, digest_size=32).digest()

    # ---- reading ----

    def get(self, stored: bytes) -> Known | None:
        """The pin that is stored there, over its time or not. Raises lmdb.Error."""
        txn = self._begin(self._pins)
        value = txn.get(stored)
        txn.abort()
        return None if value is None else self._read(value)

    def get_in(self, txn: Txn, stored: bytes) -> Known | None:
        """The same in a transaction that is open."""
        value = txn.get(stored, db=self._pins)
        return None if value is None else self._read(value)

    def counts(self) -> Counts:
        """How many pins each member has."""
        with self._begin() as txn:
            return {name: count for name, count in self.members.read(txn).items() if count}

    def slices(self, most: int) -> Iterator[list[tuple[bytes, Known]]]:
        """All keys with their pins, at most so many at a time, each slice as it is by then."""
        begin = self._prefix
        while begin:
            found: list[tuple[bytes, Known]] = []
            with self._begin(self._pins) as txn:
                cursor = txn.cursor(self._pins)
                there = cursor.set_range(begin)
                begin = b""
                while there:
                    stored, value = cursor.item()
                    if not stored.startswith(self._prefix):
                        break
                    if len(found) == most:
                        begin = stored
                        break
                    key = stored[3:] if stored.startswith(self.plain) else value[_RECORD.size :]
                    found.append((key, self._read(value)))
                    there = cursor.next()
            yield found

    def oldest(self) -> int | None:
        """The second of the use that is longest ago, None without pins."""
        with self._begin(self._ages) as txn:
            _, second = next(self._by_age(txn), (b"", None))
            return second

    def _read(self, value: bytes) -> Known:
        number, made, used = _RECORD.unpack_from(value)
        name = self._names.get(number)
        if name is None:  # another process was the first to pin to this member
            self.counts()
            name = self._names[number]
        return Known(name, made, used)

    # ---- writing ----

    def insert(self, txn: Txn, stored: bytes, key: bytes, new: Known, counts: Counts) -> None:
        """Store a pin where there is none."""
        value = _RECORD.pack(self.members.number(new.member), new.made, new.used)
        if not stored.startswith(self.plain):
            value += key
        txn.put(stored, value, db=self._pins)
        txn.put(self._age(stored, new.used), b"", db=self._ages)
        counts[new.member] = counts.get(new.member, 0) + 1

    def delete(self, txn: Txn, stored: bytes, there: Known, counts: Counts) -> None:
        """Forget a pin that is there."""
        txn.delete(stored, db=self._pins)
        txn.delete(self._age(stored, there.used), db=self._ages)
        counts[there.member] = counts.get(there.member, 1) - 1

    def make_room(
        self, txn: Txn, too_many: int, spared: Callable[[bytes], bool], counts: Counts
    ) -> None:
        """Forget what was not used for the longest time, but for what is spared."""
        victims: list[bytes] = []
        for stored, _ in self._by_age(txn):
            if len(victims) == too_many:
                break
            if not spared(stored):
                victims.append(stored)
        for stored in victims:
            known = self.get_in(txn, stored)
            if known is not None:
                self.delete(txn, stored, known, counts)

    def forget_over(self, txn: Txn, over: float, most: int) -> int:
        """Forget what was not used since ``over``, at most so many; how many that was."""
        counts = self.members.read(txn)
        victims: list[tuple[bytes, Known]] = []
        for stored, second in self._by_age(txn):
            if second > over or len(victims) == most:
                break
            known = self.get_in(txn, stored)
            if known is not None and known.used <= over:
                victims.append((stored, known))
        for stored, known in victims:
            self.delete(txn, stored, known, counts)
        self.members.write(txn, counts)
        return len(victims)

    # ---- the order of ages ----

    def _age(self, stored: bytes, used: float) -> bytes:
        second = min(max(int(used), 0), 2**32 - 1)
        return self._prefix + second.to_bytes(4, "big") + stored[2:]

    def _by_age(self, txn: Txn) -> Iterator[tuple[bytes, int]]:
        """What is stored, with the second of its last use, the oldest first."""
        cursor = txn.cursor(self._ages)
        there = cursor.set_range(self._prefix)
        while there:
            age = cursor.key()
            if not age.startswith(self._prefix):
                return
            yield self._prefix + age[_SECOND.size :], _SECOND.unpack_from(age)[1]
            there = cursor.next()
