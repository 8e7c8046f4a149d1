"""Names of members in a file of pins: a number for each, and how many pins it has."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

import lmdb

_KEY = b"member:"
_VALUE = Struct("<IQ")  # its number, its pins


class MemberCounts:
    """The members of one table. A number is never given to another name.

    Args:
        meta: the database they are in.
        prefix: number of the table.

    Attributes:
        names: number -> name, as far as it was read.
    """

    def __init__(self, meta: lmdb._Database, prefix: bytes) -> None:
        self._meta = meta
        self._begin = _KEY + prefix
        self._numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}

    def read(self, txn: lmdb.Transaction[bytes]) -> dict[str, int]:
        """How many pins each has."""
        counts: dict[str, int] = {}
        # Anew, as a number that was given in a transaction that failed may be another's by now.
        self._numbers.clear()
        self.names.clear()
        cursor = txn.cursor(self._meta)
        there = cursor.set_range(self._begin)
        while there:
            key, value = cursor.item()
            if not key.startswith(self._begin):
                break
            name = key[len(self._begin) :].decode()
            number, counts[name] = _VALUE.unpack(value)
            self._numbers[name] = number
            self.names[number] = name
            there = cursor.next()
        return counts

    def number(self, name: str) -> int:
        """Its number, a new one for a new name; written with the counts."""
        number = self._numbers.get(name)
        if number is None:
            number = max(self.names, default=0) + 1
            self._numbers[name] = number
            self.names[number] = name
        return number

    def write(self, txn: lmdb.Transaction[bytes], counts: Mapping[str, int]) -> None:
        """Keep these counts."""
        for name, count in counts.items():
            value = _VALUE.pack(self._numbers[name], max(count, 0))
            txn.put(self._begin + name.encode(), value, db=self._meta)
