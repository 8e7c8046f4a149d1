"""When a persistence is asked at all: not for some paths, or once for each connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pointsman.contracts import Arrival, Persistence, Sight, Table
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer

# Kept for an arrival whose path is ignored.
_IGNORED: Final = object()


class _Asked:
    """A persistence (contracts.Persistence) that passes everything on to another."""

    __slots__ = ("_asked",)

    def __init__(self, asked: Persistence) -> None:
        self._asked = asked

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member, or None."""
        return self._asked.find(arrival, now)

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember where it belongs."""
        return self._asked.bind(arrival, member, now)

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin."""
        self._asked.forget(arrival)

    def touch(self, arrival: Arrival, now: float) -> None:
        """Work is open."""
        self._asked.touch(arrival, now)

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What it goes by."""
        return self._asked.look(arrival, now)

    @property
    def timeout(self) -> float:
        """Seconds that a pin lives."""
        return self._asked.timeout

    @property
    def table(self) -> Table | None:
        """Where the pins are."""
        return self._asked.table

    @property
    def wants_request(self) -> bool:
        """Whether requests are to be shown."""
        return self._asked.wants_request

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """A request is about to be sent."""
        self._asked.request(arrival, head, member)

    @property
    def wants_response(self) -> bool:
        """Whether responses are to be shown."""
        return self._asked.wants_response

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """A response head passes."""
        self._asked.response(arrival, head, member, now)

    @property
    def wants_first_bytes(self) -> bool:
        """Whether the first bytes of a client are to be waited for."""
        return self._asked.wants_first_bytes

    def has_enough(self, data: bytes) -> bool:
        """Whether these are enough."""
        return self._asked.has_enough(data)

    def keep(self, servers: Sequence[RealServer]) -> None:
        """The members of the pool."""
        self._asked.keep(servers)

    def doubt(self) -> str:
        """Why it seems to do nothing."""
        return self._asked.doubt()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be told at load."""
        return self._asked.warnings

    @property
    def refused(self) -> Mapping[str, int]:
        """What was not believed."""
        return self._asked.refused

    def key_for(self, text: str) -> bytes:
        """The key of what people call a client."""
        return self._asked.key_for(text)

    def shown(self, key: bytes) -> str:
        """A key as people may read it."""
        return self._asked.shown(key)


class SomePathsIgnored(_Asked):
    """Requests of some paths go anywhere: no pin is looked up for them, and none is made.

    Args:
        asked: about all other requests.
        ignored: matches the whole path of those.
    """

    __slots__ = ("_ignores",)

    def __init__(self, asked: Persistence, ignored: re.Pattern[bytes]) -> None:
        super().__init__(asked)
        self._ignores = ignored.fullmatch

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member, or None; None as well for a path that is ignored."""
        request = arrival.request
        if request is not None and self._ignores(request.path) is not None:
            arrival.kept = _IGNORED
            return None
        return self._asked.find(arrival, now)

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember where it belongs."""
        return arrival.kept is not _IGNORED and self._asked.bind(arrival, member, now)

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin."""
        if arrival.kept is not _IGNORED:
            self._asked.forget(arrival)

    def touch(self, arrival: Arrival, now: float) -> None:
        """Work is open."""
        if arrival.kept is not _IGNORED:
            self._asked.touch(arrival, now)

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What it goes by."""
        request = arrival.request
        if request is not None and self._ignores(request.path) is not None:
            return Sight(note="this path is ignored")
        return self._asked.look(arrival, now)

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """A request is about to be sent: what servers are not to see is not for any path."""
        kept = arrival.kept
        if kept is _IGNORED:
            arrival.kept = None
        self._asked.request(arrival, head, member)
        if kept is _IGNORED:
            arrival.kept = kept

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """A response head passes."""
        if arrival.kept is not _IGNORED:
            self._asked.response(arrival, head, member, now)


class _Decided:
    """What the first request of a connection decided for all."""

    __slots__ = ("kept", "member", "touched")

    def __init__(self, member: str, kept: object, now: float) -> None:
        self.member = member
        self.kept = kept
        self.touched = now


class FirstRequestOnly(_Asked):
    """The first request of a client's connection decides for all that follow on it.

    Cookies are learned from all answers nevertheless, for the next connection.

    Args:
        asked: about first requests.
    """

    __slots__ = ("_touch_after",)

    def __init__(self, asked: Persistence) -> None:
        super().__init__(asked)
        self._touch_after = asked.timeout / 4

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member, or None."""
        decided = self._decided(arrival)
        if decided is not None:
            if now - decided.touched >= self._touch_after > 0:
                decided.touched = now
                arrival.kept = decided.kept
                self._asked.touch(arrival, now)
            arrival.kept = None
            return decided.member
        name = self._asked.find(arrival, now)
        if name is not None:
            arrival.memory[self] = _Decided(name, arrival.kept, now)
        return name

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember where it belongs."""
        bound = self._asked.bind(arrival, member, now)
        arrival.memory[self] = _Decided(member, arrival.kept, now)
        return bound

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin of the connection, and the one that made it."""
        decided = self._decided(arrival)
        if decided is not None:
            del arrival.memory[self]
            arrival.kept = decided.kept
        self._asked.forget(arrival)

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What it goes by."""
        decided = self._decided(arrival)
        if decided is not None:
            return Sight(member=decided.member, note="the first request of this connection decided")
        return self._asked.look(arrival, now)

    def _decided(self, arrival: Arrival) -> _Decided | None:
        found = arrival.memory.get(self)
        return found if isinstance(found, _Decided) else None
