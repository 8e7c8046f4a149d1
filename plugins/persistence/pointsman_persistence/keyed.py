"""Pins under a key that is worked out from the arrival: what most kinds have in common."""

from __future__ import annotations

from hashlib import blake2b

from pydantic import Field

from pointsman.contracts import (
    Arrival,
    Duration,
    Misfit,
    Persistence,
    Settings,
    Sight,
    Surroundings,
    Table,
)
from pointsman_persistence.table_choice import TableChoice, open_table

# Longer keys are replaced by their digest; it begins with an octet that no field value holds.
LONGEST_KEY = 64
_DIGEST = b"\0"


class PinSettings(Settings):
    """How long a pin is remembered, and where.

    Attributes:
        timeout: seconds since its last use.
        max_age: seconds since it was made, however much it is used; None for no such end.
        table: where the pins are kept; the default of the place if it is empty.
    """

    timeout: Duration = Field(
        default=1200.0, gt=0, description="since its last use, until a pin is forgotten"
    )
    max_age: Duration | None = Field(
        default=None,
        gt=0,
        description="the same since it was made, however much it is used; else for ever",
        examples=["8h"],
    )
    table: TableChoice = Field(
        default={},
        description="where the pins are kept; else memory, or lmdb if there is a `state_dir`",
        examples=["memory"],
    )

    def open_table(self, surroundings: Surroundings) -> Table:
        """The table that was chosen. Raises ValueError where it cannot be opened."""
        return open_table(self.table, self.timeout, surroundings, self.max_age)


class KeyedPins(Persistence):
    """Pins by what ``key`` makes of an arrival; where that is nothing there is no pin.

    Args:
        table: where the pins are; its times are this persistence's.
    """

    __slots__ = ("_table",)

    def __init__(self, table: Table) -> None:
        self._table = table

    def key(self, arrival: Arrival) -> bytes:
        """Who this is; b"" where nothing can be said."""
        raise NotImplementedError

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that this key is pinned to, or None; the use is noted."""
        arrival.kept = key = self.key(arrival)
        if not key:
            return None
        pin = self._table.find(key, now)
        return None if pin is None else pin.member

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember that this key now belongs to ``member``; False if there is none."""
        key = self._key_of(arrival)
        if key:
            # Where others share the table they may have been first, and then all go by theirs.
            self._table.put_if_absent(key, member, now)
        return bool(key)

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin of this key."""
        if key := self._key_of(arrival):
            self._table.drop(key)

    def touch(self, arrival: Arrival, now: float) -> None:
        """Its work is still open: the time of its pin runs anew."""
        if key := self._key_of(arrival):
            self._table.touch(key, now)

    def key_for(self, text: str) -> bytes:
        """The key of a value as it stands in requests."""
        return short(octets_of(text))

    def look(self, arrival: Arrival, now: float) -> Sight:
        """Its key and its pin."""
        key = self.key(arrival)
        pin = self._table.peek(key, now) if key else None
        if pin is None:
            return Sight(key)
        return Sight(key, pin.member, now - pin.made, now - pin.used)

    @property
    def timeout(self) -> float:
        """Seconds since its last use that a pin lives."""
        return self._table.timeout

    @property
    def table(self) -> Table:
        """The table its pins are in."""
        return self._table

    def _key_of(self, arrival: Arrival) -> bytes:
        """The key that ``find`` has worked out."""
        key = arrival.kept
        if not isinstance(key, bytes):
            arrival.kept = key = self.key(arrival)
        return key


def octets_of(text: str) -> bytes:
    """What stands in a request, for what people write; octets that are no UTF-8 come back."""
    return text.encode("utf-8", "surrogateescape")


def octets_in(text: str) -> bytes:
    """What is written in hexadecimal, with or without colons; b"" for anything else."""
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return b""


def plain(key: bytes) -> str:
    """A key that is no secret, as people may read it; "" for the digest of a long one."""
    if key[:1] == _DIGEST:
        return ""
    return key.decode("utf-8", "backslashreplace")


def short(value: bytes) -> bytes:
    """A key that fits any table, for a value of any length."""
    if len(value) <= LONGEST_KEY:
        return value
    return _DIGEST + blake2b(value, digest_size=31).digest()


def needs_http(kind: str, surroundings: Surroundings) -> None:
    """Refuse a kind that looks at requests where there are none.

    Raises:
        Misfit: the pool is used in tcp mode.
    """
    if surroundings.mode == "tcp":
        raise Misfit(
            f"{kind} looks at requests, and in tcp mode there are none",
            "use source_ip, or let the service speak http: take TLS off with `tls: {mode: offload}`"
            " or `reencrypt` if it is TLS",
        )
