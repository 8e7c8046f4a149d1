"""Seeing and steering the pins of a site: found, counted, dropped, moved, written out, read in.

Whatever may take long is a generator that does a slice of work and yields, so that a running site
does other work between two slices; its result is what it returns. `at_once` runs one to its end.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import TypeVar

from pointsman.config.steps import Steps
from pointsman.contracts import Persistence, Pin, Table
from pointsman.core.pinning import Pinning, digest, readable

T = TypeVar("T")

# So many are looked at in one step: a millisecond or two.
_IN_A_SLICE = 200

# Between the parts of a pin's place; it is in no name.
_MARK = b"\0"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pins are meant: those for which all of this is so.

    Attributes:
        pool: name of their pool, "" for any.
        server: name of the server that they belong to, "" for any.
        client: the client as people call it, such as its address or the value of its cookie; or
            the digest by which it is shown.
        unused: seconds since the last use, at least.
    """

    pool: str = ""
    server: str = ""
    client: str = ""
    unused: float = 0.0


@dataclass(frozen=True, slots=True)
class SeenPin:
    """One pin, as it was when it was looked at.

    Attributes:
        pool: name of the pool.
        kind: of the persistence, as used in the configuration.
        key: what the table knows it by; may be a secret.
        shown: the same for people: a digest, if it is a secret.
        server: name of the server that the client belongs to.
        age: seconds since it was made.
        unused: seconds since its last use.
        left: seconds until it is forgotten, if it is not used before.
    """

    pool: str
    kind: str
    key: bytes
    shown: str
    server: str
    age: float
    unused: float
    left: float

    @property
    def place(self) -> bytes:
        """Where it stands in the order of pages."""
        return _MARK.join((self.pool.encode(), self.kind.encode(), self.key))

    def readable(self) -> str:
        """The key itself, whatever secret it is; octets that are no text are escaped."""
        return self.key.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Page:
    """Some pins in the order of their places.

    Attributes:
        pins: no more than were asked for.
        after: what to ask for the next page with, "" if this is the last.
    """

    pins: Sequence[SeenPin]
    after: str


@dataclass(frozen=True, slots=True)
class _Place:
    """One kind of persistence of one pool."""

    pool: str
    kind: str
    persistence: Persistence
    table: Table


class Pins:
    """The pins of some pools. Tables must have been started.

    Args:
        pinnings: pool name -> its persistence. Pools that share one are told as the first.
        clock: the seconds that tables are passed.
        wall: seconds since the epoch, for what is written out.
        only_lasting: leave out tables whose pins are in the memory of another process.
    """

    def __init__(
        self,
        pinnings: Mapping[str, Pinning],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        *,
        only_lasting: bool = False,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._places: list[_Place] = []
        for pool, pinning in pinnings.items():
            for kind in pinning.kinds:
                table = kind.persistence.table
                if table is None or any(place.table is table for place in self._places):
                    continue
                if table.outlives or not only_lasting:
                    self._places.append(_Place(pool, kind.name, kind.persistence, table))

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools whose pins are here."""
        return tuple(dict.fromkeys(place.pool for place in self._places))

    # ---- seeing ----

    def counts(self, wanted: Wanted = Wanted()) -> Mapping[str, Mapping[str, int]]:
        """Pool -> server -> how many pins; only ``pool`` and ``server`` of what is wanted count."""
        counted: dict[str, dict[str, int]] = {}
        for place in self._chosen(wanted):
            servers = counted.setdefault(place.pool, {})
            for server, count in place.table.counts().items():
                if wanted.server in ("", server):
                    servers[server] = servers.get(server, 0) + count
        return counted

    def slices(self, wanted: Wanted) -> Iterator[Sequence[SeenPin]]:
        """What is wanted, some at a time and in no order; a slice may be empty."""
        for place in self._chosen(wanted):
            for part in self._parts(place, wanted):
                yield [self._seen(place, key, pin) for key, pin in part]

    def page(self, wanted: Wanted, limit: int, after: str = "") -> Steps[Page]:
        """What is wanted, in an order that stays.

        Args:
            wanted: which pins.
            limit: how many at most, above 0.
            after: of the page before, "" for the first.

        Raises:
            ValueError: ``after`` is of no page.
        """
        begin = _place_of(after) if after else b""
        # One more than asked for tells whether there is another page.
        best: list[SeenPin] = []
        for part in self.slices(wanted):
            new = [pin for pin in part if pin.place > begin]
            if new:
                best = nsmallest(limit + 1, [*best, *new], key=lambda pin: pin.place)
            yield
        more = len(best) > limit
        pins = best[:limit]
        return Page(pins, urlsafe_b64encode(pins[-1].place).decode() if more else "")

    # ---- steering ----

    def drop(self, wanted: Wanted) -> Steps[int]:
        """Forget what is wanted; how many that was."""
        count = 0
        for place in self._chosen(wanted):
            for part in self._parts(place, wanted):
                for key, _ in part:
                    place.table.drop(key)
                count += len(part)
                yield
        return count

    def move(self, wanted: Wanted, server: str) -> Steps[int]:
        """Give what is wanted to another server; how many pins that was.

        Whether there is such a server in the pool is the caller's to know.
        """
        count = 0
        for place in self._chosen(wanted):
            for part in self._parts(place, wanted):
                now = self._clock()
                for key, pin in part:
                    if pin.member != server and place.table.move(key, server, now):
                        count += 1
                yield
        return count

    def expire(self, wanted: Wanted = Wanted()) -> Steps[int]:
        """Forget what is over its time, without waiting for its turn; how many that was."""
        count = 0
        for place in self._chosen(wanted):
            while gone := place.table.expire(self._clock()):
                count += gone
                yield
        return count

    # ---- out and in ----

    def export(self, wanted: Wanted) -> Iterator[Sequence[Mapping[str, object]]]:
        """What is wanted, some at a time, as `take_in` reads it; keys are in it as they are."""
        for part in self.slices(wanted):
            wall = self._wall()
            yield [
                {
                    "pool": pin.pool,
                    "kind": pin.kind,
                    "key": b64encode(pin.key).decode(),
                    "server": pin.server,
                    "made": round(wall - pin.age, 3),
                    "used": round(wall - pin.unused, 3),
                }
                for pin in part
            ]

    def take_in(self, record: Mapping[str, object]) -> bool:
        """Take over one pin that `export` wrote; False if it is over its time by now.

        Raises:
            ValueError: it is no such record, or its pool or kind is not here.
        """
        exported = _record(record)
        place = next(
            (p for p in self._places if (p.pool, p.kind) == (exported.pool, exported.kind)), None
        )
        if place is None:
            raise ValueError(
                f"there are no pins of {exported.kind} in a pool {exported.pool!r} here"
            )
        now, wall = self._clock(), self._wall()
        age, unused = max(0.0, wall - exported.made), max(0.0, wall - exported.used)
        limit = place.table.max_age
        if unused >= place.table.timeout or (limit is not None and age >= limit):
            return False
        place.table.restore(exported.key, Pin(exported.server, now - age, now - unused))
        return True

    # ---- how ----

    def _chosen(self, wanted: Wanted) -> list[_Place]:
        return [place for place in self._places if wanted.pool in ("", place.pool)]

    def _parts(self, place: _Place, wanted: Wanted) -> Iterator[list[tuple[bytes, Pin]]]:
        now = self._clock()
        if wanted.client:
            slices = _of_client(place, wanted.client, now)
        else:
            slices = place.table.entries(now)
        for part in slices:
            meant = [
                (key, pin)
                for key, pin in part
                if wanted.server in ("", pin.member) and now - pin.used >= wanted.unused
            ]
            # One slice at least, so that a step is short even where nothing is wanted.
            for begin in range(0, len(meant) or 1, _IN_A_SLICE):
                yield meant[begin : begin + _IN_A_SLICE]

    def _seen(self, place: _Place, key: bytes, pin: Pin) -> SeenPin:
        now = self._clock()
        age, unused = max(0.0, now - pin.made), max(0.0, now - pin.used)
        left = place.table.timeout - unused
        if place.table.max_age is not None:
            left = min(left, place.table.max_age - age)
        shown = readable(place.persistence, key)
        return SeenPin(place.pool, place.kind, key, shown, pin.member, age, unused, max(0.0, left))


def _of_client(place: _Place, client: str, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
    key = place.persistence.key_for(client)
    pin = place.table.peek(key, now) if key else None
    if pin is not None:
        yield [(key, pin)]
    elif _DIGEST.fullmatch(client):
        for part in place.table.entries(now):
            yield [(key, pin) for key, pin in part if digest(key) == client]


_DIGEST = re.compile("#[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class _Exported:
    pool: str
    kind: str
    key: bytes
    server: str
    made: float
    used: float


def _record(record: Mapping[str, object]) -> _Exported:
    texts, times = [], []
    for name in ("pool", "kind", "key", "server"):
        text = record.get(name)
        if not isinstance(text, str) or (not text and name != "key"):
            raise ValueError(f"a pin needs {name!r}, a text")
        texts.append(text)
    for name in ("made", "used"):
        moment = record.get(name)
        if not isinstance(moment, int | float) or isinstance(moment, bool):
            raise ValueError(f"a pin needs {name!r}, in seconds since 1970")
        times.append(float(moment))
    pool, kind, key, server = texts
    try:
        octets = b64decode(key, validate=True)
    except ValueError:
        raise ValueError("the key of a pin is written in base64") from None
    return _Exported(pool, kind, octets, server, *times)


def _place_of(after: str) -> bytes:
    try:
        return b64decode(after, altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError(f"there is no page after {after!r}") from None
