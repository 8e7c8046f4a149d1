"""``valkey`` for values: counters and the like that machines share by a server."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import inf
from typing import Any

import hiredis
from twisted.logger import Logger

from pointsman.contracts.values import Value, Values
from pointsman_persistence.valkey_copy import Links, ValkeyCopy
from pointsman_persistence.valkey_value_levelling import ValueLevelling
from pointsman_persistence.valkey_value_words import (
    CHANGE,
    CHANGE_SCRIPT,
    LOAD_SCRIPT,
    ToldValue,
    arguments,
    heard_value,
    told_value,
)
from pointsman_persistence.valkey_words import command
from pointsman_persistence.value_changes import (
    ADD,
    DROP,
    NOTHING,
    SET,
    Held,
    ValueChange,
    combined,
    counting,
    is_number,
    over,
)

# Values looked at, at a time, for those that are over.
LOOKED_AT = 10_000


class ValkeyValues(ValkeyCopy[ToldValue], Values):
    """A copy of all values in memory, and a server that keeps the copies of all machines the same.

    Reading is done in the copy alone. What is changed is done there at once, and sent at the next
    turn of the reactor as a change: the server does it to what it has by then, tells everybody
    else, and answers with what came out. So what several machines count at the same time adds up.

    While there is no server the copy is what there is; its changes are sent when the server is
    back. What was on its way when the connection broke is not counted again, as it may have been
    counted.

    Args:
        name: of the values.
        prefix: what keys begin with on the server, before the name.
        links: makes the link to the server.
        size: values in the copy at most; the one that was longest unused makes room.
        database: number of the server's database.
        clock: the seconds that callers pass in.
        wall: seconds since the epoch, as long as the server has not told its own.
    """

    log = Logger()

    WHAT, KEYS, CHANNEL = "values", "value", "values"
    ALONE = "what is counted is known here alone"

    def __init__(
        self,
        name: str,
        prefix: str,
        links: Links,
        size: int,
        database: int = 0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, prefix, links, database, clock)
        self._size = size
        self._ahead = wall() - clock()  # of the clock that all share before ours
        self._copy: OrderedDict[bytes, Held] = OrderedDict()
        self._reactor: Any = None
        # What is to be sent, and how many changes of a key are on their way.
        self._changes: OrderedDict[bytes, ValueChange] = OrderedDict()
        self._under_way: dict[bytes, int] = {}
        self._flush_call: Any = None

    def start(self, reactor: Any) -> None:
        """Connect to the server; nobody waits for it."""
        if self._link is None:
            self._reactor = reactor
        super().start(reactor)

    def close(self) -> None:
        """Send what is to be sent, and let go of the server."""
        self._flush()
        super().close()

    def common(self, now: float) -> float:
        """Seconds since the epoch, as the server has them."""
        return now + self._ahead

    # ---- what is known ----

    def _there(self, key: bytes, now: float) -> Held | None:
        held = self._copy.get(key)
        if held is None or held.ends <= now:
            return None
        return held

    def get(self, key: bytes, now: float) -> Value | None:
        """The live value of that key, or None."""
        held = self._there(key, now)
        return None if held is None else held.value

    def left(self, key: bytes, now: float) -> float | None:
        """Seconds that it still has, infinity for ever; None if there is none."""
        held = self._there(key, now)
        return None if held is None else held.ends - now

    def __len__(self) -> int:
        """How many values are in the copy."""
        return len(self._copy)

    # ---- what is changed ----

    def set(self, key: bytes, value: Value, ttl: float, now: float) -> None:
        """Set a value, whatever is there."""
        self._change(key, ValueChange(SET, Held(value, now + ttl)), None)

    def add(self, key: bytes, value: Value, ttl: float, now: float) -> bool:
        """Set a value if there is none; another machine may just have done so as well."""
        if self._there(key, now) is not None:
            return False
        self._change(key, ValueChange(ADD, Held(value, now + ttl)), None)
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
        """Count up; see ``Values``."""
        there = self._there(key, now)
        if there is not None and not is_number(there.value):
            return None
        made = self._change(key, counting(by, least, now + ttl, prolong, there), there)
        assert made is not None
        assert not isinstance(made.value, str)
        return made.value

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        self._change(key, ValueChange(DROP), None)

    def _change(self, key: bytes, change: ValueChange, there: Held | None) -> Held | None:
        made = change.apply(there)
        self._keep(key, made)
        changes = self._changes
        before = changes.get(key)
        changes[key] = combined(over(before) if there is None else before, change)
        if self._is_up:
            self._send_soon()
        elif len(changes) > self._size:
            changes.popitem(last=False)
        return made

    def _send_soon(self) -> None:
        if self._flush_call is None:
            self._flush_call = self._reactor.callLater(0, self._turn)

    def _keep(self, key: bytes, held: Held | None) -> None:
        copy = self._copy
        if held is None:
            copy.pop(key, None)
            return
        copy[key] = held
        copy.move_to_end(key)
        if len(copy) > self._size:
            copy.popitem(last=False)

    def expire(self, now: float) -> int:
        """Forget what is over its time in the copy; the server does it by itself."""
        if self._link is not None:
            self._link.tick()
        first = [pair for pair, _ in zip(self._copy.items(), range(LOOKED_AT), strict=False)]
        over = [key for key, held in first if held.ends <= now]
        for key in over:
            del self._copy[key]
        return len(over)

    # ---- to the server ----

    def _turn(self) -> None:
        self._flush_call = None
        self._flush()

    def _flush(self) -> None:
        call, self._flush_call = self._flush_call, None
        if call is not None:
            call.cancel()
        link = self._link
        if link is None or not self._is_up:
            return
        changes, self._changes = self._changes, OrderedDict()
        now = self._clock()
        for key, change in changes.items():
            self._under_way[key] = self._under_way.get(key, 0) + 1
            link.send(
                command(
                    b"EVALSHA", CHANGE, 1, self._prefix + key, self._channel, self._who,
                    *arguments(change, now),
                ),
                partial(self._answered, key),
            )  # fmt: skip

    def _answered(self, key: bytes, reply: Any) -> None:
        count = self._under_way[key] - 1
        if count:
            self._under_way[key] = count
        else:
            del self._under_way[key]
        if isinstance(reply, hiredis.ReplyError):
            self._refused(str(reply))
        elif not count:
            self._take(key, told_value(*reply))

    # ---- from the server ----

    def _take(self, key: bytes, told: ToldValue) -> None:
        """The server has this; what is not sent yet comes on top."""
        held = None if told.value is None else Held(told.value, self._clock() + told.left)
        change = self._changes.get(key)
        self._keep(key, held if change is None else change.apply(held))

    def _heard(self, payload: bytes) -> tuple[bytes, ToldValue, bytes]:
        return heard_value(payload)

    # ---- the server comes and goes ----

    def _scripts(self) -> Sequence[bytes]:
        return CHANGE_SCRIPT, LOAD_SCRIPT

    def up(self) -> None:
        """The connection stands: send what was missed, then bring both sides to the same."""
        link = self._link
        if link is None:
            return
        self._is_up = True
        link.send(command(b"TIME"), self._told_time)
        self._flush()
        ValueLevelling(link, self._prefix, self).begin()

    def _told_time(self, reply: Any) -> None:
        if not isinstance(reply, hiredis.ReplyError):
            seconds, millionths = map(int, reply)
            self._ahead = seconds + millionths / 1e6 - self._clock()

    def loaded(self, key: bytes, told: ToldValue) -> None:
        """The server has this value (`ValueLevelling`)."""
        if key not in self._under_way:
            self._take(key, told)

    def all_here(self) -> Iterator[tuple[bytes, Held]]:
        """What is in the copy and not on its way (`ValueLevelling`)."""
        self._flush()
        now = self._clock()
        for key, held in self._copy.items():
            if held.ends > now and key not in self._under_way:
                yield key, held

    def only_here(self, key: bytes, held: Held) -> None:
        """The server did not have this value (`ValueLevelling`)."""
        since = self._changes.get(key)
        if since is None or since.base == NOTHING:
            self._changes[key] = ValueChange(ADD, held, since.delta if since is not None else None)
            self._send_soon()

    def down(self, reason: str) -> None:
        """The server is lost, or was not reached: go on with the copy."""
        self._under_way.clear()
        super().down(reason)
