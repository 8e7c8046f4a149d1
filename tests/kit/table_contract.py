"""What every table of pins has to hold, ours or a third party's: derive two classes and say `make`.

class TestMine(TableContract):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return Mine(size, timeout, max_age)

class MineMachine(TableMachine):
    (the same `make`)

TestMineMachine = MineMachine.TestCase
"""

from __future__ import annotations

from abc import abstractmethod

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pointsman.contracts import Pin, Table

MEMBERS = st.sampled_from(["a", "b", "server-ü"])
# Such as tables may treat differently: empty, long, every byte, the beginning of another.
KEYS = st.sampled_from(
    [b"", b"k", b"k\x00", bytes(range(256)), b"long" * 300, b"long" * 300 + b"!"]
)
# Exact in binary, so that adding them up is exact as well.
PAUSES = st.sampled_from([0.0, 0.25, 1.0, 3.0, 7.5, 40.0])
GRACE = 17 / 16


def everything(table: Table, now: float) -> dict[bytes, Pin]:
    """All entries; a key that comes twice fails."""
    found: dict[bytes, Pin] = {}
    for part in table.entries(now):
        assert part, "a slice is never empty"
        for key, pin in part:
            assert key not in found
            found[key] = pin
    return found


class TableContract:
    """The plain tests, told as examples."""

    @abstractmethod
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        """A table without pins."""

    def opened(
        self, size: int = 1000, timeout: float = 64.0, max_age: float | None = None
    ) -> Table:
        return self.make(size, timeout, max_age)

    def test_says_what_it_was_told(self) -> None:
        table = self.opened(10, 60.0, 90.0)
        assert (table.timeout, table.max_age) == (60.0, 90.0)
        assert self.opened().max_age is None

    def test_absent_then_known(self) -> None:
        table = self.opened()
        assert table.find(b"k", 0.0) is None
        assert table.peek(b"k", 0.0) is None
        table.put(b"k", "a", 5.0)
        assert table.peek(b"k", 6.0) == Pin("a", made=5.0, used=5.0)
        pin = table.find(b"k", 6.0)
        assert pin is not None
        assert (pin.member, pin.made) == ("a", 5.0)
        assert len(table) == 1

    def test_a_use_refreshes_a_peek_does_not(self) -> None:
        table = self.opened()
        table.put(b"used", "a", 0.0)
        table.put(b"touched", "a", 0.0)
        table.put(b"seen", "a", 0.0)
        for now in (60.0, 120.0, 180.0):
            assert table.find(b"used", now) is not None
            assert table.touch(b"touched", now)
            assert (table.peek(b"seen", now) is not None) == (now < 64.0)
        assert table.find(b"seen", 180.0) is None
        for key in (b"used", b"touched"):
            assert table.find(key, 180.0 + 64.0 * GRACE + 0.1) is None
        assert not table.touch(b"touched", 249.0)
        assert not table.touch(b"nobody", 249.0)

    def test_an_age_that_no_use_prolongs(self) -> None:
        table = self.opened(max_age=100.0)
        table.put(b"k", "a", 0.0)
        assert table.find(b"k", 50.0) is not None
        assert table.find(b"k", 99.75) is not None
        assert table.find(b"k", 100.0) is None
        assert table.peek(b"k", 100.0) is None
        assert not table.touch(b"k", 100.0)
        assert everything(table, 100.0) == {}
        table.put_if_absent(b"k", "b", 100.0)
        assert table.peek(b"k", 150.0) == Pin("b", 100.0, 100.0)

    def test_putting_again_replaces_the_pin_and_its_age(self) -> None:
        table = self.opened()
        table.put(b"k", "a", 0.0)
        table.put(b"k", "b", 50.0)
        assert len(table) == 1
        assert table.peek(b"k", 100.0) == Pin("b", made=50.0, used=50.0)
        assert table.counts() == {"b": 1}

    def test_the_first_wins_where_it_is_asked_for(self) -> None:
        table = self.opened()
        assert table.put_if_absent(b"k", "a", 0.0).member == "a"
        pin = table.put_if_absent(b"k", "b", 50.0)
        assert (pin.member, pin.made) == ("a", 0.0)
        assert table.peek(b"k", 113.0) is not None  # that was a use
        assert table.put_if_absent(b"k", "b", 200.0) == Pin("b", 200.0, 200.0)

    def test_drop(self) -> None:
        table = self.opened()
        table.put(b"k", "a", 0.0)
        table.drop(b"k")
        table.drop(b"k")
        table.drop(b"never")
        assert table.find(b"k", 1.0) is None
        assert (len(table), table.counts(), everything(table, 1.0)) == (0, {}, {})
        assert table.put_if_absent(b"k", "b", 2.0).member == "b"
        assert (len(table), table.counts()) == (1, {"b": 1})

    def test_move_keeps_age_and_last_use(self) -> None:
        table = self.opened()
        table.put(b"k", "a", 0.0)
        table.find(b"k", 30.0)
        assert table.move(b"k", "b", 40.0)
        pin = table.peek(b"k", 41.0)
        assert pin is not None
        assert (pin.member, pin.made) == ("b", 0.0)
        assert table.peek(b"k", 93.0) is not None
        assert table.peek(b"k", 30.0 + 64.0 * GRACE + 0.1) is None
        assert not table.move(b"k", "a", 99.0)
        assert not table.move(b"never", "a", 99.0)

    def test_restore_keeps_the_times(self) -> None:
        table = self.opened()
        table.put(b"there", "b", 90.0)
        table.restore(b"there", Pin("a", 5.0, 80.0))
        table.restore(b"new", Pin("a", 10.0, 90.0))
        table.restore(b"over", Pin("a", 0.0, 1.0))
        assert everything(table, 100.0) == {
            b"there": Pin("a", 5.0, 80.0), b"new": Pin("a", 10.0, 90.0)
        }  # fmt: skip

    def test_entries_come_in_slices_and_bear_changes_between_them(self) -> None:
        table = self.opened(size=20_000)
        for n in range(5000):
            table.put(b"%d" % n, f"s{n % 3}", 0.0)
        slices = table.entries(1.0)
        seen = dict(next(slices))
        assert len(seen) <= 2000
        for n in range(0, 5000, 2):
            table.drop(b"%d" % n)
        for n in range(5000, 6000):
            table.put(b"%d" % n, "new", 1.0)
        for part in slices:
            assert len(part) <= 2000
            seen.update(part)
        assert seen.keys() >= {b"%d" % n for n in range(1, 5000, 2)}
        assert sum(table.counts().values()) == len(table) == 3500

    def test_counts_by_member(self) -> None:
        table = self.opened()
        for n in range(10):
            table.put(b"%d" % n, "a" if n < 7 else "b", 0.0)
        assert table.counts() == {"a": 7, "b": 3}
        table.move(b"0", "b", 1.0)
        assert table.counts() == {"a": 6, "b": 4}

    def test_expire_forgets_what_is_over(self) -> None:
        table = self.opened()
        for moment in range(5):
            table.put(b"%d" % moment, "a", moment * 10.0)
        table.find(b"0", 50.0)
        assert table.expire(63.0) == 0
        assert len(table) == 5
        gone = sum(table.expire(30.0 + 64.0 * 1.1 + step / 10) for step in range(10))
        assert gone == 3  # 1, 2 and 3
        assert everything(table, 102.0).keys() == {b"0", b"4"}
        assert sum(table.expire(1000.0 + step) for step in range(10)) == 2
        assert (len(table), table.counts()) == (0, {})

    def test_the_least_recently_used_makes_room(self) -> None:
        table = self.opened(size=100)
        for n in range(100):
            table.put(b"%d" % n, "a", float(n % 50))
        for n in range(50):
            table.find(b"%d" % n, 55.0)
        for n in range(50):
            table.put(b"new%d" % n, "b", 60.0)
        left = everything(table, 60.0)
        assert len(left) <= 100
        assert {b"%d" % n for n in range(50)} <= left.keys()
        assert b"new49" in left

    def test_replacing_evicts_nobody(self) -> None:
        table = self.opened(size=2)
        table.put(b"1", "a", 0.0)
        table.put(b"2", "a", 0.0)
        table.put(b"1", "b", 0.0)
        assert table.find(b"2", 1.0) is not None

    def test_closing_twice(self) -> None:
        table = self.opened()
        table.put(b"k", "a", 0.0)
        table.close()
        table.close()


class TableMachine(RuleBasedStateMachine):
    """Anything in any order, against a plain account of the same pins."""

    SIZE = 4
    TIMEOUT = 16.0
    MAX_AGE: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.table = self.make(self.SIZE, self.TIMEOUT, self.MAX_AGE)
        self.pins: dict[bytes, Pin] = {}  # used is the true last use
        self.now = 1000.0
        self.ever: set[bytes] = set()

    @abstractmethod
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        """A table without pins."""

    def teardown(self) -> None:
        self.table.close()

    def _is_too_old(self, pin: Pin) -> bool:
        return self.MAX_AGE is not None and self.now - pin.made >= self.MAX_AGE

    def _must_be(self, pin: Pin) -> bool:
        return self.now - pin.used < self.TIMEOUT and not self._is_too_old(pin)

    def _check(self, key: bytes, found: Pin | None) -> bool:
        """Whether the pin is there, as it has to be or may be."""
        known = self.pins.get(key)
        if known is not None:
            late = known.used + self.TIMEOUT * GRACE <= self.now or self._is_too_old(known)
            if self._must_be(known):
                assert found is not None
            elif late or found is None:
                del self.pins[key]
                known = None
        assert (found is None) == (known is None)
        if found is None or known is None:
            return False
        assert (found.member, found.made) == (known.member, known.made)
        assert self.now - self.TIMEOUT * GRACE < found.used <= self.now
        return True

    def _put(self, key: bytes, member: str) -> None:
        self.pins[key] = Pin(member, self.now, self.now)
        self._evicted(key)

    def _evicted(self, new: bytes) -> None:
        self.ever.add(new)
        if len(self.ever) > self.SIZE:
            # What is over its time or was dropped may still take up room, so one pin may go.
            gone = [key for key in self.pins if self.table.peek(key, self.now) is None]
            alive = [key for key in gone if self._must_be(self.pins[key])]
            assert len(alive) <= 1
            assert new not in alive, "what was just put is not evicted"
            for key in gone:
                del self.pins[key]

    @rule(pause=PAUSES)
    def wait(self, pause: float) -> None:
        self.now += pause

    @rule(key=KEYS)
    def find(self, key: bytes) -> None:
        if self._check(key, self.table.find(key, self.now)):
            self.pins[key].used = self.now

    @rule(key=KEYS)
    def peek(self, key: bytes) -> None:
        self._check(key, self.table.peek(key, self.now))

    @rule(key=KEYS)
    def touch(self, key: bytes) -> None:
        self._check(key, self.table.peek(key, self.now))
        there = self.table.touch(key, self.now)
        assert there == (key in self.pins)
        if there:
            self.pins[key].used = self.now

    @rule(key=KEYS, member=MEMBERS)
    def put(self, key: bytes, member: str) -> None:
        self.table.put(key, member, self.now)
        self._put(key, member)

    @rule(key=KEYS, member=MEMBERS)
    def put_if_absent(self, key: bytes, member: str) -> None:
        self._check(key, self.table.peek(key, self.now))
        holds = self.table.put_if_absent(key, member, self.now)
        if key in self.pins:
            assert holds.member == self.pins[key].member
            self.pins[key].used = self.now
        else:
            assert holds.member == member
            self._put(key, member)

    @rule(key=KEYS)
    def drop(self, key: bytes) -> None:
        self.table.drop(key)
        self.pins.pop(key, None)

    @rule(key=KEYS, member=MEMBERS)
    def move(self, key: bytes, member: str) -> None:
        self._check(key, self.table.peek(key, self.now))
        assert self.table.move(key, member, self.now) == (key in self.pins)
        if key in self.pins:
            self.pins[key].member = member

    @rule(key=KEYS, member=MEMBERS, age=PAUSES, silent=PAUSES)
    def restore(self, key: bytes, member: str, age: float, silent: float) -> None:
        pin = Pin(member, self.now - age - silent, self.now - silent)
        self.table.restore(key, pin)
        self.pins[key] = pin
        self._evicted(key)

    @rule()
    def expire(self) -> None:
        self.table.expire(self.now)

    @rule()
    def list_all(self) -> None:
        found = everything(self.table, self.now)
        for key in [*self.pins]:
            self._check(key, found.get(key))
        assert found.keys() == self.pins.keys()

    @invariant()
    def is_bounded(self) -> None:
        counts = self.table.counts()
        assert sum(counts.values()) == len(self.table)
        assert 0 not in counts.values()
        assert len(self.table) <= self.SIZE
