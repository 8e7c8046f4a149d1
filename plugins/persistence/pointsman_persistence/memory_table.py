"""``memory``: a table of pins in the memory of this process."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from pydantic import Field

from pointsman.contracts import Duration, Offer, Pin, Settings, Surroundings, Table

# Keys that one `expire` looks at; more would keep the event loop from its work for too long.
AT_ONCE = 20_000
# Keys that making room for one pin looks at, before it settles for the one in hand.
LOOKS = 32
# Pins in one slice of `entries`.
SLICE = 1000
# Last uses are told apart by periods: this many in a timeout.
PERIODS = 64

# Stands in the place of a pin that was dropped, until its key's turn in the queue comes.
_GONE = Pin("", -inf, -inf)


class MemoryTableSettings(Settings):
    """How much is remembered, and how long.

    Attributes:
        size: number of pins, about 250 bytes each; the least recently used makes room.
        timeout: seconds since its last use until a pin is forgotten; set by the persistence.
        max_age: seconds since it was made, likewise; None for no such end.
    """

    size: int = Field(default=1_000_000, ge=1)
    timeout: Duration = Field(gt=0)
    max_age: Duration | None = Field(default=None, gt=0)


class MemoryTable(Table):
    """Pins in a dictionary, their keys queued by the period of their last use.

    A use only changes the time in the pin. Its key moves to the queue of that time when its
    turn comes in the old one, so finding costs no bookkeeping. Each key is in one queue, and
    finding, pinning, evicting and expiring one pin all take constant time. The price: which
    pin is the least recently used is known to a 64th of the timeout.

    A pin is alive while ``now - used < timeout`` and ``now - made < max_age``.

    Args:
        size: pins at most, at least 1.
        timeout: seconds, above 0.
        max_age: seconds, above 0; None for no such end.
    """

    __slots__ = ("_counts", "_max_age", "_period", "_pins", "_queues", "_size", "_timeout")

    def __init__(self, size: int, timeout: float, max_age: float | None = None) -> None:
        self._size = size
        self._timeout = timeout
        self._max_age = inf if max_age is None else max_age
        self._period = timeout / PERIODS
        self._pins: dict[bytes, Pin] = {}
        self._queues: dict[int, deque[bytes]] = {}
        self._counts: dict[str, int] = {}

    @property
    def timeout(self) -> float:
        """Seconds from its last use until a pin is forgotten."""
        return self._timeout

    @property
    def max_age(self) -> float | None:
        """Seconds from when it was made, or None."""
        return None if self._max_age == inf else self._max_age

    # ---- on the way of a request ----

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""
        pin = self._pins.get(key)
        if pin is None or now - pin.used >= self._timeout or now - pin.made >= self._max_age:
            return None
        pin.used = now
        return pin

    def peek(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, or None; this is no use."""
        pin = self._pins.get(key)
        return None if pin is None or self._is_over(pin, now) else pin

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there; a long unused pin may go."""
        self._take(key, member, now, now)

    def put_if_absent(self, key: bytes, member: str, now: float) -> Pin:
        """Pin a key to a member unless it is pinned already; the pin that holds."""
        pin = self.find(key, now)
        return self._take(key, member, now, now) if pin is None else pin

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine."""
        pin = self._pins.get(key)
        if pin is not None and pin is not _GONE:
            self._uncount(pin)
            self._pins[key] = _GONE

    def holder(self, key: bytes) -> str | None:
        """The member of a pin, over its time or not; None if there is no pin."""
        pin = self._pins.get(key)
        return None if pin is None or pin is _GONE else pin.member

    # ---- seeing and steering ----

    def restore(self, key: bytes, pin: Pin) -> None:
        """Take over a pin with its times, replacing what was there."""
        self._take(key, pin.member, pin.made, pin.used)

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        """All live pins, some at a time."""
        pins = self._pins
        keys = list(pins)  # 15 ms for a million, the one step that is not cut in slices
        for begin in range(0, len(keys), SLICE):
            there = ((key, pins.get(key)) for key in keys[begin : begin + SLICE])
            found = [(key, pin) for key, pin in there if pin and not self._is_over(pin, now)]
            if found:
                yield found

    def counts(self) -> Mapping[str, int]:
        """How many pins each member has."""
        return dict(self._counts)

    # ---- making an end ----

    def expire(self, now: float) -> int:
        """Forget what is over its time, ``AT_ONCE`` keys looked at at most; how many were over.

        What is left for the next call is found no more, it only takes up room; so does what was
        used less than a timeout ago and is beyond its ``max_age``.
        """
        pins, queues = self._pins, self._queues
        over = now - self._timeout
        gone = looked = 0
        while queues:
            first = min(queues)
            queue = queues[first]
            while queue and looked < AT_ONCE:
                key = queue[0]
                pin = pins[key]
                if pin.used > over and self._period_of(pin.used) <= first:
                    return gone  # the rest of this period has its turn in the next calls
                queue.popleft()
                looked += 1
                if pin.used > over:
                    self._queue(key, pin.used)
                    continue
                del pins[key]
                if pin is not _GONE:
                    self._uncount(pin)
                    gone += 1
            if queue:
                return gone
            del queues[first]
        return gone

    def __len__(self) -> int:
        """How many pins there are, those included that are over their time but not yet gone."""
        return sum(self._counts.values())

    def close(self) -> None:
        """Forget everything."""
        self._pins.clear()
        self._queues.clear()
        self._counts.clear()

    # ---- the queues ----

    def _take(self, key: bytes, member: str, made: float, used: float) -> Pin:
        pins, counts = self._pins, self._counts
        there = pins.get(key)
        if there is None:
            if len(pins) >= self._size:
                self._make_room()
            self._queue(key, used)
        elif there is not _GONE:
            self._uncount(there)
        # One string for all pins of a member, however many there are.
        member = sys.intern(member)
        pin = pins[key] = Pin(member, made, used)
        counts[member] = counts.get(member, 0) + 1
        return pin

    def _is_over(self, pin: Pin, now: float) -> bool:
        return now - pin.used >= self._timeout or now - pin.made >= self._max_age

    def _period_of(self, used: float) -> int:
        return int(used // self._period)

    def _queue(self, key: bytes, used: float) -> None:
        period = self._period_of(used)
        queue = self._queues.get(period)
        if queue is None:
            queue = self._queues[period] = deque()
        queue.append(key)

    def _make_room(self) -> None:
        """Forget the least recently used pin, as far as a few looks can tell."""
        pins, queues = self._pins, self._queues
        aside: bytes | None = None
        for _ in range(LOOKS):
            if not queues:
                break
            first = min(queues)
            queue = queues[first]
            key = queue.popleft()
            if not queue:
                del queues[first]
            pin = pins[key]
            if pin is _GONE or self._period_of(pin.used) <= first:
                if aside is not None:
                    self._queue(aside, pins[aside].used)
                aside = key
                break
            if aside is None:
                aside = key
            elif pin.used < pins[aside].used:
                self._queue(aside, pins[aside].used)
                aside = key
            else:
                self._queue(key, pin.used)
        if aside is not None:
            pin = pins.pop(aside)
            if pin is not _GONE:
                self._uncount(pin)

    def _uncount(self, pin: Pin) -> None:
        left = self._counts[pin.member] - 1
        if left:
            self._counts[pin.member] = left
        else:
            del self._counts[pin.member]


def make(settings: MemoryTableSettings, surroundings: Surroundings) -> MemoryTable:
    """A table for one pool."""
    return MemoryTable(settings.size, settings.timeout, settings.max_age)


OFFER = Offer(MemoryTableSettings, make, "Pins in the memory of this process.")
