"""What has happened to servers, services and the rest of a running site: the last of it is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# So many are remembered.
KEPT = 2000

# What something happened to.
SERVER = "server"
SERVICE = "service"
WEIGHT = "weight"  # of a server
PINS = "pins"
CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that has happened.

    Attributes:
        number: the first one has 1.
        time: seconds since the epoch.
        what: what it happened to, one of the words above.
        name: of that: pool/server, or of the service; "" where there is only one.
        before: what it was; "" where that is nothing to be told.
        now: what it is since then.
        by: who did it (``core.server_states``, ``app.revisions``), "" if that is nobody.
        reason: why, in words.
    """

    number: int
    time: float
    what: str
    name: str
    before: str
    now: str
    by: str
    reason: str


class Events:
    """The last events.

    Args:
        wall: seconds since the epoch.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._count = 0

    def note(
        self, what: str, name: str, before: str, now: str, by: str = "", reason: str = ""
    ) -> None:
        """Something has happened, as of ``Event``."""
        self._count += 1
        self._kept.append(Event(self._count, self._wall(), what, name, before, now, by, reason))

    def after(self, number: int, most: int = KEPT) -> Sequence[Event]:
        """Those that came after that number, the oldest first; of too many the last ones.

        Args:
            number: 0 for all that are kept.
            most: how many at most.
        """
        count = min(most, len(self._kept), max(self._count - number, 0))
        return [*self._kept][len(self._kept) - count :]

    def __len__(self) -> int:
        """How many there ever were."""
        return self._count
