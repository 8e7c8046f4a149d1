"""Values in a plain dict: what a table of a third party might offer."""

from __future__ import annotations

from math import inf

from pointsman.contracts import Value, Values


class PlainValues(Values):
    """Each value with its end, in a dict.

    Attributes:
        closed: whether they were closed.
    """

    def __init__(self) -> None:
        self._values: dict[bytes, tuple[Value, float]] = {}
        self.closed = False

    def common(self, now: float) -> float:
        return now

    def get(self, key: bytes, now: float) -> Value | None:
        value, ends = self._values.get(key, ("", 0.0))
        return value if ends > now else None

    def left(self, key: bytes, now: float) -> float | None:
        ends = self._values.get(key, ("", 0.0))[1]
        return ends - now if ends > now else None

    def set(self, key: bytes, value: Value, ttl: float, now: float) -> None:
        self._values[key] = value, now + ttl

    def add(self, key: bytes, value: Value, ttl: float, now: float) -> bool:
        if self.get(key, now) is not None:
            return False
        self.set(key, value, ttl, now)
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
        there = self.get(key, now)
        if isinstance(there, str | bool):
            return None
        left = self.left(key, now)
        if left is not None:
            ttl = max(ttl, left) if prolong else left
        made = max(there or 0, least) + by
        self.set(key, made, ttl, now)
        return made

    def drop(self, key: bytes) -> None:
        self._values.pop(key, None)

    def __len__(self) -> int:
        return len(self._values)

    def close(self) -> None:
        self.closed = True
