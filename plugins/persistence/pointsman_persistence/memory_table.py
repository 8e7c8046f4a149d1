"""``memory``: a table of pins in the memory of this process."""

from __future__ import annotations

import sys
from collections import OrderedDict

from pydantic import Field

from pointsman.contracts import Duration, Offer, Pin, Settings, Surroundings

# Pins forgotten by one `expire`; more would keep the event loop from its work for too long.
AT_ONCE = 20_000


class MemoryTableSettings(Settings):
    """How much is remembered, and how long.

    Attributes:
        size: number of pins, about 250 bytes each; the least recently used makes room.
        timeout: seconds since its last use until a pin is forgotten; set by the persistence.
    """

    size: int = Field(default=1_000_000, ge=1)
    timeout: Duration = Field(gt=0)


class MemoryTable:
    """Pins in a dictionary that is kept in the order of their last use.

    All pins of a table have the same timeout and it runs from the last use. So the front of
    that order is both what is over its time first and what is evicted first: finding, pinning,
    evicting and expiring one pin all take constant time.

    A pin is alive while ``now - used < timeout``.

    Args:
        size: pins at most, at least 1.
        timeout: seconds, above 0.
    """

    __slots__ = ("_pins", "_size", "_timeout")

    def __init__(self, size: int, timeout: float) -> None:
        self._size = size
        self._timeout = timeout
        self._pins: OrderedDict[bytes, Pin] = OrderedDict()

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""
        pin = self._pins.get(key)
        if pin is None:
            return None
        if now - pin.used >= self._timeout:
            del self._pins[key]
            return None
        pin.used = now
        self._pins.move_to_end(key)
        return pin

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there; the least recently used may go."""
        pins = self._pins
        # One string for all pins of a member, however many there are.
        pins[key] = Pin(sys.intern(member), now, now)
        pins.move_to_end(key)
        if len(pins) > self._size:
            pins.popitem(last=False)

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine."""
        self._pins.pop(key, None)

    def expire(self, now: float) -> int:
        """Forget what is over its time, at most ``AT_ONCE`` of it; how many that was.

        What is left for the next call is found no more, it only takes up room.
        """
        pins = self._pins
        latest = now - self._timeout
        gone = 0
        while gone < AT_ONCE and pins:
            key = next(iter(pins))
            if pins[key].used > latest:
                break
            del pins[key]
            gone += 1
        return gone

    def __len__(self) -> int:
        """How many pins there are, those included that are over their time but not yet gone."""
        return len(self._pins)

    def close(self) -> None:
        """Forget everything."""
        self._pins.clear()


def make(settings: MemoryTableSettings, surroundings: Surroundings) -> MemoryTable:
    """A table for one pool."""
    return MemoryTable(settings.size, settings.timeout)


OFFER = Offer(MemoryTableSettings, make, "Pins in the memory of this process.")
