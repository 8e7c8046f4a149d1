"""Tables of rules that several processes share, or that outlive the process."""

from __future__ import annotations

from math import inf

from pointsman.contracts import Value, Values


class SharedTable:
    """The same as a ``rule_tables.RuleTable``, kept in the values of a plugin.

    What several processes do at the same time adds up: a counter, a rate or a bucket is counted
    where the values are kept. Each knows of the others a moment later, so for as long a limit may
    be passed by what they did meanwhile.

    Args:
        values: where it is kept.
        size: keys at most.
        ttl: seconds that a value lives if nothing else is said, 0 for ever.
    """

    __slots__ = ("size", "ttl", "values")

    def __init__(self, values: Values, size: int, ttl: float) -> None:
        self.values = values
        self.size = size
        self.ttl = ttl

    def _lives(self, ttl: float | None) -> float:
        lives = self.ttl if ttl is None else ttl
        return lives or inf

    def get(self, key: str, now: float) -> Value | None:
        """The live value of a key, or None."""
        return self.values.get(_plain(key), now)

    def set(self, key: str, value: Value, ttl: float | None, now: float) -> None:
        """Set a value; it lives for ``ttl`` seconds, the table's own for None, for ever for 0."""
        self.values.set(_plain(key), value, self._lives(ttl), now)

    def add(self, key: str, value: Value, ttl: float | None, now: float) -> bool:
        """Set a value if there is none; whether it was set."""
        return self.values.add(_plain(key), value, self._lives(ttl), now)

    def incr(self, key: str, by: float, ttl: float | None, now: float) -> int | float | None:
        """Count up; the time to live runs from when the key was made. None for a text."""
        return self.values.incr(_plain(key), by, self._lives(ttl), now)

    def ttl_of(self, key: str, now: float) -> float | None:
        """Seconds that a value still has, None if there is none or it has no end."""
        left = self.values.left(_plain(key), now)
        return None if left == inf else left

    def delete(self, key: str) -> None:
        """Forget the value of a key; an unknown one is fine."""
        self.values.drop(_plain(key))

    def rate(self, key: str, window: float, now: float) -> float:
        """Count one, and say how many there were in the last ``window`` seconds, about.

        A counter for each window, the same for all who share it, and the one before by its share.
        """
        at = self.values.common(now)
        number = int(at // window)
        begin = b"r%r " % window
        key_bytes = key.encode()
        count = self.values.incr(begin + b"%d " % number + key_bytes, 1, 2 * window, now)
        before = self.values.get(begin + b"%d " % (number - 1) + key_bytes, now)
        earlier = before if isinstance(before, int | float) else 0
        return (count or 0) + earlier * (1 - (at % window) / window)

    def take(self, key: str, per_second: float, burst: float, now: float) -> tuple[bool, float]:
        """Take a token; whether there was one, and seconds until there is one again (0.0 if so).

        What is kept is the time at which the bucket will be full: a number that only grows.
        """
        at = self.values.common(now)
        stored = b"b" + key.encode()
        step, depth = 1 / per_second, burst / per_second
        there = self.values.get(stored, now)
        full = max(at, there) if isinstance(there, int | float) else at
        late = full + step - depth - at
        if late > 1e-9:
            return False, late
        self.values.incr(stored, step, max(depth, step), now, least=at, prolong=True)
        return True, 0.0

    def __len__(self) -> int:
        """How many values there are, rates and buckets included, some over their time as well."""
        return len(self.values)


def _plain(key: str) -> bytes:
    return b"v" + key.encode()
