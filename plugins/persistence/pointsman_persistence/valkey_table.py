"""``valkey``: a table that many machines share by a server of the Redis protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import hiredis
from twisted.logger import Logger

from pointsman.contracts import Pin, Table
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.valkey_copy import Links, ValkeyCopy
from pointsman_persistence.valkey_levelling import Levelling
from pointsman_persistence.valkey_words import (
    CHANGE,
    CHANGE_SCRIPT,
    GONE,
    LOAD_SCRIPT,
    NEW,
    SET,
    USE,
    Told,
    command,
    heard,
    told,
)

# A use is told to the others once in this part of the timeout.
PARTS = 16
# Uses are told at moments that differ from key to key, in so many steps.
PHASES = 1024


class ValkeyTable(ValkeyCopy[Told], Table):
    """A copy of all pins in memory, and a server that keeps the copies of all machines the same.

    Finding is done in the copy alone. A change is made there and sent at the next turn of the
    reactor; the server decides (`put_if_absent` is its SET NX), tells everybody else on a
    channel, and answers with what holds if that is something else.

    While there is no server the copy is what there is. When it is back, the changes that were
    missed are made, all pins are loaded, and those that it does not have are sent.

    Args:
        name: of the table, such as that of its pool.
        prefix: what its keys begin with on the server, before the name.
        links: makes the link to the server.
        size: pins in the copy at most.
        timeout: seconds, above 0.
        max_age: seconds, above 0; None for no such end.
        database: number of the server's database.
        clock: the seconds that callers pass in.
    """

    log = Logger()

    WHAT, KEYS, CHANNEL = "pins", "pin", "changes"
    ALONE = "new ones are known here alone"

    def __init__(
        self,
        name: str,
        prefix: str,
        links: Links,
        size: int,
        timeout: float,
        max_age: float | None = None,
        database: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name, prefix, links, database, clock)
        self._size = size
        self._timeout = timeout
        self._max_age = inf if max_age is None else max_age
        self._grain = timeout / PARTS
        self._silence = timeout + self._grain
        self._copy = MemoryTable(size, self._silence, max_age)
        self._peek = self._copy.peek
        # Keys with changes under way: how many, and the last one.
        self._under_way: dict[bytes, tuple[int, bytes, str]] = {}
        # Changes that the server did not hear of: those that no loading and sending makes good.
        self._missed: dict[bytes, tuple[bytes, str]] = {}

    @property
    def timeout(self) -> float:
        """Seconds from its last use until a pin is forgotten."""
        return self._timeout

    @property
    def max_age(self) -> float | None:
        """Seconds from when it was made, or None."""
        return None if self._max_age == inf else self._max_age

    def close(self) -> None:
        """Send what is to be sent, and let go of the server."""
        super().close()
        self._copy.close()

    # ---- on the way of a request ----

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""
        pin = self._peek(key, now)
        if pin is None:
            return None
        used, pin.used = pin.used, now
        # Each key has moments of its own, a 16th of the timeout apart: the first use after such
        # a moment is told.
        phase = hash(key) % PHASES / PHASES
        if int(now / self._grain + phase) != int(used / self._grain + phase):
            self._tell(USE, key, pin, now)
        return pin

    def peek(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, or None; this is no use."""
        return self._peek(key, now)

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there."""
        self._copy.put(key, member, now)
        self._tell(SET, key, Pin(member, now, now), now)

    def put_if_absent(self, key: bytes, member: str, now: float) -> Pin:
        """Pin a key to a member unless it is pinned already; the pin that holds."""
        pin = self.find(key, now)
        if pin is None:
            pin = self._copy.put_if_absent(key, member, now)
            self._tell(NEW, key, pin, now)
        return pin

    def drop(self, key: bytes) -> None:
        """Forget a key; a pin to another member that others made meanwhile stays."""
        member = self._copy.holder(key)
        if member is not None:
            self._copy.drop(key)
            self._tell(GONE, key, Pin(member, 0.0, 0.0), 0.0)

    # ---- seeing and steering ----

    def move(self, key: bytes, member: str, now: float) -> bool:
        """Give a live pin to another member, its times kept; False if there is none."""
        if not self._copy.move(key, member, now):
            return False
        pin = self._peek(key, now)
        if pin is not None:
            self._tell(SET, key, pin, now)
        return True

    def restore(self, key: bytes, pin: Pin) -> None:
        """Take over a pin with its times, replacing what was there."""
        self._copy.restore(key, pin)
        self._tell(SET, key, pin, max(self._clock(), pin.used))

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        """All live pins, some at a time."""
        return self._copy.entries(now)

    def counts(self) -> Mapping[str, int]:
        """How many pins each member has."""
        return self._copy.counts()

    def expire(self, now: float) -> int:
        """Forget what is over its time; how many pins that was. The server does it by itself."""
        if self._link is not None:
            self._link.tick()
        return self._copy.expire(now)

    def __len__(self) -> int:
        """How many pins there are."""
        return len(self._copy)

    # ---- to the server ----

    def _tell(self, kind: bytes, key: bytes, pin: Pin, now: float) -> None:
        link = self._link
        if link is None:
            return
        if not self._is_up:
            self._miss(key, kind, pin.member)
            return
        left = 1.0
        if kind is not GONE:
            left = min(self._silence - (now - pin.used), self._max_age - (now - pin.made))
            if left <= 0.0:
                return
        count = self._under_way[key][0] if key in self._under_way else 0
        self._under_way[key] = count + 1, kind, pin.member
        link.send(
            command(
                b"EVALSHA", CHANGE, 1, self._prefix + key, self._channel,
                self._who, kind, pin.member.encode(), round((now - pin.made) * 1000),
                max(1, round(left * 1000)),
            ),
            partial(self._answered, key),
        )  # fmt: skip

    def _miss(self, key: bytes, kind: bytes, member: str) -> None:
        """Note a change that must be made good; new pins and uses are, by sending all pins."""
        if kind is SET or kind is GONE:
            missed = self._missed
            missed.pop(key, None)
            missed[key] = kind, member
            if len(missed) > self._size:
                del missed[next(iter(missed))]

    def _answered(self, key: bytes, reply: Any) -> None:
        count, kind, member = self._under_way[key]
        if count > 1:
            self._under_way[key] = count - 1, kind, member
        else:
            del self._under_way[key]
        if isinstance(reply, hiredis.ReplyError):
            if count == 1:
                self._miss(key, kind, member)
            self._refused(str(reply))
        elif reply is not None and count == 1:
            self._take(key, told(*reply))

    # ---- from the server ----

    def _take(self, key: bytes, told: Told) -> None:
        """The server holds this."""
        now = self._clock()
        if told.left <= 0.0:
            self._copy.drop(key)
            return
        used = min(now, now - self._silence + told.left)
        there = self._peek(key, now)
        if there is not None and there.member == told.member:
            there.used = max(there.used, used)
        else:
            self._copy.restore(key, Pin(told.member, now - told.age, used))

    def _heard(self, payload: bytes) -> tuple[bytes, Told, bytes]:
        return heard(payload)

    # ---- the server comes and goes ----

    def _scripts(self) -> Sequence[bytes]:
        return CHANGE_SCRIPT, LOAD_SCRIPT

    def up(self) -> None:
        """The connection stands: bring both sides to the same."""
        link = self._link
        if link is None:
            return
        self._is_up = True
        now = self._clock()
        missed, self._missed = self._missed, {}
        for key, (kind, member) in missed.items():
            if kind is GONE:
                self._tell(GONE, key, Pin(member, 0.0, 0.0), 0.0)
            pin = self._peek(key, now)
            if pin is not None:
                self._tell(NEW if kind is GONE else SET, key, pin, now)
        Levelling(link, self._prefix, self._copy, self, self._clock).begin()

    def is_under_way(self, key: bytes) -> bool:
        """Whether a change of ours will tell what holds."""
        return key in self._under_way

    def loaded(self, key: bytes, pin: Told) -> None:
        """The server has this pin (`Levelling`)."""
        if key in self._under_way:
            return
        self._take(key, pin)
        now = self._clock()
        there = self._peek(key, now)
        # It was used here while nobody could be told.
        if there is not None and there.used - (now - self._silence + pin.left) >= self._grain:
            self._tell(USE, key, there, now)

    def only_here(self, key: bytes, pin: Pin) -> None:
        """The server did not have this pin (`Levelling`)."""
        self._tell(USE, key, pin, self._clock())

    def down(self, reason: str) -> None:
        """The server is lost, or was not reached: go on with the copy."""
        under_way, self._under_way = self._under_way, {}
        for key, (_, kind, member) in under_way.items():
            self._miss(key, kind, member)
        super().down(reason)
