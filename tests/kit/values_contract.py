"""What values of any kind have to hold, ours or a third party's: derive a class and say `make`."""

from __future__ import annotations

from abc import abstractmethod
from math import inf

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from pointsman.contracts import Value, Values

LONG = b"long" * 300
KEYS = st.sampled_from([b"", b"k", b"k\x00", bytes(range(256)), LONG, LONG + b"!"])
VALUES = st.sampled_from(["", "text ü\x00", 0, -7, 2.5, True, False])
# Exact in binary, so that adding them up is exact as well.
TIMES = st.sampled_from([0.25, 1.0, 3.0, 40.0, inf])


class ValuesContract:
    """The plain tests, told as examples."""

    @abstractmethod
    def make(self, size: int = 1000) -> Values:
        """Values of which there are none."""

    def test_values_of_every_type_live_as_long_as_they_were_told(self) -> None:
        values = self.make()
        for value in ("text ü", "", 7, -1, 2.5, True, False):
            values.set(b"k", value, 10.0, 5.0)
            found = values.get(b"k", 14.9)
            assert (found, type(found)) == (value, type(value))
        assert values.left(b"k", 6.0) == 9.0
        assert values.get(b"k", 15.0) is None
        assert values.left(b"k", 15.0) is None
        values.set(b"k", "for ever", inf, 15.0)
        assert values.left(b"k", 1e8) == inf
        values.drop(b"k")
        values.drop(b"unknown")
        assert values.get(b"k", 15.0) is None
        assert values.get(b"unknown", 0.0) is None

    def test_the_first_is_added(self) -> None:
        values = self.make()
        assert values.add(b"k", "one", 10.0, 0.0)
        assert not values.add(b"k", "two", 10.0, 9.0)
        assert values.get(b"k", 9.0) == "one"
        assert values.add(b"k", "two", 10.0, 10.0)
        values.drop(b"k")
        assert values.add(b"k", "three", 10.0, 10.0)
        assert values.get(b"k", 11.0) == "three"

    def test_counting(self) -> None:
        values = self.make()
        assert values.incr(b"k", 1, 10.0, 0.0) == 1
        assert values.incr(b"k", 4, 99.0, 5.0) == 5
        assert values.left(b"k", 5.0) == 5.0
        assert values.incr(b"k", 0.5, 10.0, 5.0) == 5.5
        assert values.incr(b"k", 1, 10.0, 10.0) == 1  # the other one was over
        assert isinstance(values.incr(b"k", 1, 10.0, 10.0), int)
        for value in ("text", True):
            values.set(b"t", value, 10.0, 0.0)
            assert values.incr(b"t", 1, 10.0, 0.0) is None
            assert values.get(b"t", 0.0) == value

    def test_counting_from_no_less(self) -> None:
        values = self.make()
        assert values.incr(b"k", 2.0, 10.0, 0.0, least=100.0, prolong=True) == 102.0
        assert values.incr(b"k", 2.0, 10.0, 1.0, least=101.0, prolong=True) == 104.0
        assert values.incr(b"k", 2.0, 10.0, 9.0, least=109.0, prolong=True) == 111.0
        assert values.left(b"k", 9.0) == 10.0
        assert values.incr(b"k", 2.0, 1.0, 9.0, prolong=True) == 113.0
        assert values.left(b"k", 9.0) == 10.0

    def test_there_is_an_end_to_how_many_there_are(self) -> None:
        values = self.make(size=10)
        for number in range(25):
            values.set(b"%d" % number, number, 100.0 + number, float(number))
        assert len(values) == 10
        assert values.get(b"24", 25.0) == 24
        assert values.get(b"0", 25.0) is None

    def test_what_is_over_is_forgotten_by_and_by(self) -> None:
        values = self.make()
        for number in range(30):
            values.set(b"%d" % number, number, 10.0 if number % 2 else inf, 0.0)
        assert values.expire(5.0) == 0
        for _ in range(5):
            values.expire(12.0)
        assert len(values) == 15
        assert values.get(b"4", 12.0) == 4

    def test_the_common_clock_goes_as_ours(self) -> None:
        values = self.make()
        assert values.common(10.0) - values.common(7.5) == pytest.approx(2.5)


class ValuesMachine(RuleBasedStateMachine):
    """Whatever is done, values are what a plain dict would be."""

    @abstractmethod
    def make(self, size: int = 1000) -> Values:
        """Values of which there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.values = self.make()
        self.model: dict[bytes, tuple[Value, float]] = {}

    def there(self, key: bytes) -> tuple[Value, float] | None:
        found = self.model.get(key)
        return None if found is None or found[1] <= self.now else found

    @rule(seconds=TIMES.filter(lambda one: one < inf))
    def pause(self, seconds: float) -> None:
        self.now += seconds

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        found = self.there(key)
        assert self.values.get(key, self.now) == (None if found is None else found[0])
        assert self.values.left(key, self.now) == (None if found is None else found[1] - self.now)

    @rule(key=KEYS, value=VALUES, ttl=TIMES)
    def set(self, key: bytes, value: Value, ttl: float) -> None:
        self.values.set(key, value, ttl, self.now)
        self.model[key] = value, self.now + ttl

    @rule(key=KEYS, value=VALUES, ttl=TIMES)
    def add(self, key: bytes, value: Value, ttl: float) -> None:
        added = self.there(key) is None
        assert self.values.add(key, value, ttl, self.now) is added
        if added:
            self.model[key] = value, self.now + ttl

    @rule(
        key=KEYS,
        by=st.sampled_from([1, -3, 0.5]),
        ttl=TIMES,
        least=st.sampled_from([-inf, 0, 8]),
        prolong=st.booleans(),
    )
    def incr(self, key: bytes, by: float, ttl: float, least: float, prolong: bool) -> None:
        made = self.values.incr(key, by, ttl, self.now, least=least, prolong=prolong)
        found = self.there(key)
        if found is not None and isinstance(found[0], str | bool):
            assert made is None
            return
        value = max(0 if found is None else float(found[0]), least) + by
        assert made == value
        ends = self.now + ttl
        if found is not None:
            ends = max(ends, found[1]) if prolong else found[1]
        self.model[key] = value, ends

    @rule(key=KEYS)
    def drop(self, key: bytes) -> None:
        self.values.drop(key)
        self.model.pop(key, None)

    @rule()
    def expire(self) -> None:
        self.values.expire(self.now)
