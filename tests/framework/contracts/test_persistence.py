"""Pins, and what a table can do that is written with no more than it must have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pytest

from kit.arrivals import visit
from kit.table_contract import TableContract, TableMachine
from pointsman.contracts import Arrival, Persistence, Pin, Sight, Table
from pointsman.model.server import RealServer


def test_a_pin_tells_where_and_since_when_and_takes_little_room() -> None:
    pin = Pin("fe1", 10.0, 10.0)
    pin.used = 12.0
    assert (pin.member, pin.made, pin.used) == ("fe1", 10.0, 12.0)
    with pytest.raises(AttributeError):
        pin.note = "a million of these have no room for notes"  # type: ignore[attr-defined]


class PlainTable(Table):
    """What a table must write itself, and no more."""

    timeout = 0.0
    max_age = None

    def __init__(self, size: int, timeout: float, max_age: float | None) -> None:
        self.size, self.timeout, self.max_age = size, timeout, max_age
        self.pins: dict[bytes, Pin] = {}

    def peek(self, key: bytes, now: float) -> Pin | None:
        pin = self.pins.get(key)
        if pin is None or now - pin.used >= self.timeout:
            return None
        return None if self.max_age is not None and now - pin.made >= self.max_age else pin

    def find(self, key: bytes, now: float) -> Pin | None:
        pin = self.peek(key, now)
        if pin is not None:
            pin.used = now
        return pin

    def put(self, key: bytes, member: str, now: float) -> None:
        self.restore(key, Pin(member, now, now))

    def drop(self, key: bytes) -> None:
        self.pins.pop(key, None)

    def restore(self, key: bytes, pin: Pin) -> None:
        if key not in self.pins and len(self.pins) == self.size:
            del self.pins[min(self.pins, key=lambda key: self.pins[key].used)]
        self.pins[key] = Pin(pin.member, pin.made, pin.used)

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        for key in [*self.pins]:
            pin = self.peek(key, now)
            if pin is not None:
                yield [(key, pin)]

    def counts(self) -> Mapping[str, int]:
        return Counter(pin.member for pin in self.pins.values())

    def expire(self, now: float) -> int:
        over = [key for key in self.pins if self.peek(key, now) is None]
        for key in over:
            del self.pins[key]
        return len(over)

    def __len__(self) -> int:
        return len(self.pins)


class TestPlainTable(TableContract):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return PlainTable(size, timeout, max_age)


class PlainMachine(TableMachine):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return PlainTable(size, timeout, max_age)


TestPlainMachine = PlainMachine.TestCase


def test_a_table_without_room_still_names_the_member_that_was_chosen() -> None:
    class Full(PlainTable):
        def restore(self, key: bytes, pin: Pin) -> None: ...

    assert Full(1, 1.0, None).put_if_absent(b"k", "a", 5.0) == Pin("a", 5.0, 5.0)


class PlainPersistence(Persistence):
    """What a persistence must write itself, and no more."""

    timeout = 60.0
    table = None

    def __init__(self) -> None:
        self.found: list[float] = []

    def find(self, arrival: Arrival, now: float) -> str | None:
        self.found.append(now)
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return False

    def forget(self, arrival: Arrival) -> None: ...


def test_a_persistence_wants_and_tells_nothing_by_itself() -> None:
    pins = PlainPersistence()
    assert not pins.wants_request
    assert not pins.wants_response
    assert (pins.warnings, dict(pins.refused)) == ((), {})
    assert not pins.wants_first_bytes
    assert pins.doubt() == ""
    assert pins.has_enough(b"")
    assert pins.look(visit(), 0.0) == Sight(note="this kind does not tell")
    pins.keep([RealServer("a")])
    pins.touch(visit(), 5.0)
    assert pins.found == [5.0]
