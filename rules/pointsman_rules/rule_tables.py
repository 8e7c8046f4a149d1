"""Tables of rules: values, counters, rates and token buckets by key, each with its time to live."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pointsman.contracts import Value
from pointsman_rules.shared_tables import SharedTable

Problem = tuple[None, str]
T = TypeVar("T")
LONGEST_KEY = 1024
LONGEST_VALUE = 65536


class _Entry:
    """A value and when it ends, infinity for never. Counting changes it in place."""

    __slots__ = ("ends", "value")

    def __init__(self, value: Value, ends: float) -> None:
        self.value = value
        self.ends = ends


class RuleTable:
    """Values by key in the memory of this process.

    Times are monotonic seconds that the caller passes in.

    Args:
        size: keys at most, of values, of rates and of buckets each.
        ttl: seconds that a value lives if nothing else is said, 0 for ever.
        before: whose content it has, if the same table had another size or ttl before.
    """

    __slots__ = ("_buckets", "_values", "_windows", "size", "ttl")

    def __init__(self, size: int, ttl: float, before: RuleTable | None = None) -> None:
        self.size = size
        self.ttl = ttl
        self._values: OrderedDict[str, _Entry] = OrderedDict()
        # Of a rate: number of the window, what was counted in it, and in the one before.
        self._windows: OrderedDict[tuple[str, float], tuple[int, int, int]] = OrderedDict()
        # Of a bucket: its tokens and when they were counted.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        if before is not None:
            self.share(before)

    def share(self, other: RuleTable) -> None:
        """Have the content of another table from now on, as it has."""
        self._values, self._windows = other._values, other._windows
        self._buckets = other._buckets

    def get(self, key: str, now: float) -> Value | None:
        """The live value of a key, or None."""
        found = self._values.get(key)
        if found is None:
            return None
        if found.ends <= now:
            del self._values[key]
            return None
        return found.value

    def set(self, key: str, value: Value, ttl: float | None, now: float) -> None:
        """Set a value; it lives for ``ttl`` seconds, the table's own for None, for ever for 0."""
        lives = self.ttl if ttl is None else ttl
        self._values[key] = _Entry(value, now + lives if lives else float("inf"))
        self._values.move_to_end(key)
        while len(self._values) > self.size:
            self._values.popitem(last=False)

    def add(self, key: str, value: Value, ttl: float | None, now: float) -> bool:
        """Set a value if there is none; whether it was set."""
        if self.get(key, now) is not None:
            return False
        self.set(key, value, ttl, now)
        return True

    def incr(self, key: str, by: float, ttl: float | None, now: float) -> int | float | None:
        """Count up; the time to live runs from when the key was made. None for a text."""
        found = self._values.get(key)
        if found is None or found.ends <= now:
            self.set(key, by, ttl, now)
            return by
        value = found.value
        if isinstance(value, (str, bool)):
            return None
        found.value = made = value + by
        self._values.move_to_end(key)
        return made

    def ttl_of(self, key: str, now: float) -> float | None:
        """Seconds that a value still has, None if there is none or it has no end."""
        found = self._values.get(key)
        if found is None or found.ends <= now or found.ends == float("inf"):
            return None
        return found.ends - now

    def delete(self, key: str) -> None:
        """Forget the value of a key; an unknown one is fine."""
        self._values.pop(key, None)

    def rate(self, key: str, window: float, now: float) -> float:
        """Count one, and say how many there were in the last ``window`` seconds.

        The window before counts by the share of it that still lies in the last ``window`` seconds,
        so two numbers for a key are enough; the result is exact if traffic is even.
        """
        place = (key, window)
        number = int(now // window)
        was, count, before = self._windows.get(place, (number, 0, 0))
        if was != number:
            before = count if was == number - 1 else 0
            count = 0
        count += 1
        self._windows[place] = (number, count, before)
        self._windows.move_to_end(place)
        while len(self._windows) > self.size:
            self._windows.popitem(last=False)
        return count + before * (1 - (now % window) / window)

    def take(self, key: str, per_second: float, burst: float, now: float) -> tuple[bool, float]:
        """Take a token; whether there was one, and seconds until there is one again (0.0 if so)."""
        tokens, counted = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + max(0.0, now - counted) * per_second)
        got = tokens >= 1
        if got:
            tokens -= 1
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self.size:
            self._buckets.popitem(last=False)
        return got, 0.0 if got else (1 - tokens) / per_second

    def __len__(self) -> int:
        """How many values there are, those over their time included."""
        return len(self._values)

    def expire(self, now: float, most: int = 10_000) -> int:
        """Forget values that are over their time, among the ``most`` that were set first."""
        gone = [key for key, entry in _first(self._values, most) if entry.ends <= now]
        for key in gone:
            del self._values[key]
        return len(gone)


AnyTable = RuleTable | SharedTable


def share_all(tables: Mapping[str, AnyTable], others: Mapping[str, AnyTable]) -> None:
    """Let tables in memory have the content of those of the same name among others."""
    for name, table in tables.items():
        other = others.get(name)
        if isinstance(table, RuleTable) and isinstance(other, RuleTable):
            table.share(other)


def _first(values: OrderedDict[str, _Entry], most: int) -> list[tuple[str, _Entry]]:
    return [pair for pair, _ in zip(values.items(), range(most), strict=False)]


def numbered(there: Mapping[str, T], names: dict[str, int], places: list[T]) -> None:
    """Let ``names`` and ``places`` be about what is there; a number once given stays as it is."""
    for name in set(names) - set(there):
        del names[name]
    for name, one in there.items():
        if name in names:
            places[names[name]] = one
        else:
            names[name] = len(places)
            places.append(one)


class TableFunctions:
    """What the prelude calls about tables: by a number, never by an object.

    Attributes:
        asked: the names that rules have asked for.
    """

    def __init__(self, tables: Mapping[str, AnyTable], clock: Callable[[], float]) -> None:
        self._names: dict[str, int] = {}
        self.asked: set[str] = set()
        self._tables: list[AnyTable] = []
        self._clock = clock
        self.change(tables)

    def change(self, tables: Mapping[str, AnyTable]) -> None:
        """There are these tables from now on; those of the same name keep their numbers."""
        numbered(tables, self._names, self._tables)

    def number(self, name: str) -> int | Problem:
        """The number of a table."""
        self.asked.add(name)
        known = self._names.get(name)
        if known is not None:
            return known
        there = ", ".join(self._names) or "none"
        return None, f"there is no table '{name}' under rule_tables; there: {there}"

    def _set(self, at: int, key: str, value: Value, ttl: float | None, add: bool) -> Any:
        if len(key) > LONGEST_KEY:
            return None, f"a key of a table has at most {LONGEST_KEY} bytes"
        if isinstance(value, str):
            if len(value) > LONGEST_VALUE:
                return None, f"a value of a table has at most {LONGEST_VALUE} bytes"
            value = sys.intern(value) if len(value) < 32 else value
        if ttl is not None and ttl < 0:
            return None, "a ttl is no less than 0"
        table = self._tables[at]
        if add:
            return table.add(key, value, ttl, self._clock())
        table.set(key, value, ttl, self._clock())
        return None

    def _incr(self, at: int, key: str, by: float = 1, ttl: float | None = None) -> Any:
        if len(key) > LONGEST_KEY:
            return None, f"a key of a table has at most {LONGEST_KEY} bytes"
        made = self._tables[at].incr(key, by, ttl, self._clock())
        return (None, "incr: what is there is no number") if made is None else made

    def _rate(self, at: int, key: str, window: float) -> Any:
        if window <= 0:
            return None, "rate wants a window above 0"
        return self._tables[at].rate(key[:LONGEST_KEY], window, self._clock())

    def _take(self, at: int, key: str, per_second: float, burst: float) -> Any:
        if per_second <= 0 or burst < 1:
            return None, "take wants a rate above 0 and a burst of at least 1"
        return self._tables[at].take(key[:LONGEST_KEY], per_second, burst, self._clock())

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What the prelude calls, by name."""
        tables, clock = self._tables, self._clock
        return {
            "table_id": self.number,
            "table_get": lambda at, key: tables[at].get(key, clock()),
            "table_set": lambda at, key, value, ttl=None: self._set(at, key, value, ttl, False),
            "table_add": lambda at, key, value, ttl=None: self._set(at, key, value, ttl, True),
            "table_incr": self._incr,
            "table_rate": self._rate,
            "table_take": self._take,
            "table_ttl": lambda at, key: tables[at].ttl_of(key, clock()),
            "table_delete": lambda at, key: tables[at].delete(key),
            "table_size": lambda at: len(tables[at]),
        }
