"""Persistence: pins, the tables that hold them, and who makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pointsman.contracts.scheduling import Arrival
from pointsman.model.message import RequestHead, ResponseHead


@dataclass(slots=True)
class Pin:
    """One remembered client: where it belongs, and since when.

    Attributes:
        member: name of the member.
        made: when it was made, seconds of the table's clock.
        used: when it was last used, likewise; its timeout runs from here.
    """

    member: str
    made: float
    used: float


class Table(Protocol):
    """Remembers pins by key. Times are monotonic seconds that the caller passes in."""

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there; the oldest may be evicted."""

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine."""

    def expire(self, now: float) -> int:
        """Forget what is over its time; how many that was. Called about once a second."""

    def __len__(self) -> int:
        """How many pins there are."""

    def close(self) -> None:
        """Let go of files and connections."""


class Persistence(Protocol):
    """Tells which member a client belongs to. One object per pool, called on the hot path.

    Derive from it: ``find``, ``bind``, ``forget``, ``timeout`` and ``table`` are yours to write,
    the rest does nothing until you write it.
    """

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member it is pinned to, or None; the pin's use is noted."""

    def bind(self, arrival: Arrival, member: str, now: float) -> None:
        """Remember that this client now belongs to ``member``."""

    def forget(self, arrival: Arrival) -> None:
        """The pinned member cannot be used any more: drop the pin."""

    @property
    def timeout(self) -> float:
        """Seconds from its last use until a pin is forgotten; 0.0 if pins have no such time."""

    @property
    def table(self) -> Table | None:
        """The table its pins are in, None if it needs none."""

    def touch(self, arrival: Arrival, now: float) -> None:
        """Work of this arrival is open, or ends now: the time of its pin runs from ``now``.

        Called now and then while an exchange or tunnel lasts (at least every quarter of
        ``timeout``), and at the end of one that took more than a second (DESIGN 5.5). A pin that
        is not there any more must not be made anew. By default it is found once more.
        """
        self.find(arrival, now)

    @property
    def wants_request(self) -> bool:
        """Whether ``request`` is to be called."""
        return False

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """A request is about to be sent; ``head`` is a copy for this attempt and may be changed."""
        return None

    @property
    def wants_response(self) -> bool:
        """Whether ``response`` is to be called."""
        return False

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """A response head passes, before the client sees it; its headers may be changed."""
        return None
