"""Scheduling: new work arrives, candidates stand by, a scheduler picks one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer


class Arrival(Protocol):
    """New work that needs a member: a request in http mode, a connection in tcp mode."""

    @property
    def client_ip(self) -> str:
        """The client's address as text, the real one behind trusted proxies."""

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts of the connection it came by."""

    @property
    def request(self) -> RequestHead | None:
        """The head of the request, None in tcp mode."""

    kept: object
    """For the persistence of its pool alone: what it worked out for this arrival, None at first."""

    @property
    def memory(self) -> dict[object, object]:
        """What is to be remembered while the client's connection is open, by keys of one's own.

        It is made when it is first asked for, so ask only where something is to be remembered.
        """


class Candidate(Protocol):
    """What a scheduler may know of a member that can take new work now."""

    @property
    def name(self) -> str:
        """Unique in its pool, stable over reloads."""

    @property
    def weight(self) -> int:
        """The share it should get now, 1..65535 (slow start and agents lower it)."""

    @property
    def active(self) -> int:
        """Exchanges and tunnels it is working on, those being connected included."""

    @property
    def tunnels(self) -> int:
        """How many of these are tunnels (tcp mode, WebSocket)."""

    @property
    def server(self) -> RealServer:
        """Its fixed identity."""


class Scheduler(Protocol):
    """Picks a member for new work. One object per pool, on the hot path: no I/O, no waiting.

    One that does not look at weights should say so by an attribute ``heeds_weight`` that is False.
    Then a pool can let a server start slowly all the same: not every pick of it is granted.
    """

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """One of ``candidates`` (never empty, in the order of the configuration).

        The same tuple object comes again and again until a member's state or weight changes, so
        what was computed for it may be kept; a retry passes a tuple without the failed members.
        """

    def keep(self, names: Sequence[str]) -> None:
        """Forget what was remembered of members not named; cursors of the others stay."""

    @property
    def wants_first_byte(self) -> bool:
        """Whether ``first_byte`` is to be called."""

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        """A response of that member began ``seconds`` after its request was sent."""
