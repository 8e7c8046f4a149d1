"""Two persistences as one: the second is asked where the first knows nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pointsman.contracts import Arrival, Persistence, Sight, Table
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer


class _Both:
    """What the two have kept for an arrival, each in a place of its own."""

    __slots__ = ("asked_second", "first", "second")

    def __init__(self, first: object) -> None:
        self.first = first
        self.second: object = None
        self.asked_second = False


class Chain:
    """A persistence (contracts.Persistence) with another one to fall back to.

    Where only the second knows a client, the first is told at once: a cookie that appears later
    is bound to the server that the address chose. What the first knows says nothing of the second:
    all users behind one address are not moved because one of them is.

    Args:
        first: asked first.
        second: asked where ``first`` knows nothing; may be a chain itself.
    """

    __slots__ = ("_first", "_second", "_wants_request", "_wants_response")

    def __init__(self, first: Persistence, second: Persistence) -> None:
        self._first = first
        self._second = second
        self._wants_request = first.wants_request or second.wants_request
        self._wants_response = first.wants_response or second.wants_response

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that either knows, or None."""
        _keep_nothing(arrival)
        name = self._first.find(arrival, now)
        both = _Both(arrival.kept)
        if name is None:
            _keep_nothing(arrival)
            both.asked_second = True
            name = self._second.find(arrival, now)
            both.second = arrival.kept
            if name is not None:
                arrival.kept = both.first
                self._first.bind(arrival, name, now)
                both.first = arrival.kept
        arrival.kept = both
        return name

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember where it belongs, in all that knew nothing of it."""
        both = self._both(arrival)
        arrival.kept = both.first
        bound = self._first.bind(arrival, member, now)
        both.first = arrival.kept
        if both.asked_second:
            arrival.kept = both.second
            bound = self._second.bind(arrival, member, now) or bound
            both.second = arrival.kept
        arrival.kept = both
        return bound

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin, or both if they are one client's."""
        both = self._both(arrival)
        arrival.kept = both.first
        self._first.forget(arrival)
        both.first = arrival.kept
        if both.asked_second:
            arrival.kept = both.second
            self._second.forget(arrival)
            both.second = arrival.kept
        arrival.kept = both

    def touch(self, arrival: Arrival, now: float) -> None:
        """Work is open."""
        both = self._both(arrival)
        arrival.kept = both.first
        self._first.touch(arrival, now)
        if both.asked_second:
            arrival.kept = both.second
            self._second.touch(arrival, now)
        arrival.kept = both

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What the first goes by, or the second where the first knows nothing."""
        first = self._first.look(arrival, now)
        if first.member:
            return first
        second = self._second.look(arrival, now)
        return second if second.member or not first.key else first

    @property
    def timeout(self) -> float:
        """The shorter time of the two, 0.0 if neither has one."""
        times = [part.timeout for part in (self._first, self._second) if part.timeout]
        return min(times) if times else 0.0

    @property
    def table(self) -> Table | None:
        """The table of the first, or of the second if the first has none."""
        table = self._first.table
        return table if table is not None else self._second.table

    @property
    def wants_request(self) -> bool:
        """Whether either does."""
        return self._wants_request

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """A request is about to be sent."""
        both = self._both(arrival)
        if self._first.wants_request:
            arrival.kept = both.first
            self._first.request(arrival, head, member)
        if self._second.wants_request:
            arrival.kept = both.second
            self._second.request(arrival, head, member)
        arrival.kept = both

    @property
    def wants_response(self) -> bool:
        """Whether either does."""
        return self._wants_response

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """A response head passes."""
        both = self._both(arrival)
        if self._first.wants_response:
            arrival.kept = both.first
            self._first.response(arrival, head, member, now)
        if self._second.wants_response:
            arrival.kept = both.second
            self._second.response(arrival, head, member, now)
        arrival.kept = both

    @property
    def wants_first_bytes(self) -> bool:
        """Whether either does."""
        return self._first.wants_first_bytes or self._second.wants_first_bytes

    def has_enough(self, data: bytes) -> bool:
        """Whether both do."""
        return self._first.has_enough(data) and self._second.has_enough(data)

    def keep(self, servers: Sequence[RealServer]) -> None:
        """The members of the pool."""
        self._first.keep(servers)
        self._second.keep(servers)

    def doubt(self) -> str:
        """Why it seems to do nothing."""
        return self._first.doubt() or self._second.doubt()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of both."""
        return self._first.warnings + self._second.warnings

    @property
    def refused(self) -> Mapping[str, int]:
        """Those of both."""
        counted = dict(self._second.refused)
        for reason, count in self._first.refused.items():
            counted[reason] = counted.get(reason, 0) + count
        return counted

    def key_for(self, text: str) -> bytes:
        """That of the first; each kind has keys of its own."""
        return self._first.key_for(text)

    def shown(self, key: bytes) -> str:
        """As the first shows it."""
        return self._first.shown(key)

    def _both(self, arrival: Arrival) -> _Both:
        kept = arrival.kept
        if isinstance(kept, _Both):
            return kept
        both = _Both(None)
        both.asked_second = True
        return both


def _keep_nothing(arrival: Arrival) -> None:
    # Apart: after an assignment compiled code believes that it is still None (decisions/0004).
    arrival.kept = None
