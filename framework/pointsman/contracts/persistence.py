"""Persistence: pins, the tables that hold them, and who makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pointsman.contracts.scheduling import Arrival
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer


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
    """Remembers pins by key: which member a client belongs to.

    Times are seconds of a monotonic clock that the caller passes in; of several processes that
    share a table on one machine it is ``time.monotonic``. A pin is alive for ``timeout`` from
    its last use, or for a sixteenth of that longer where not each use is written down, and never
    longer than ``max_age`` from when it was made, if there is one.

    Whoever opens a table gives it ``timeout`` among its options, and ``max_age`` if it wants one.
    No call waits for a disk or a network: what takes time goes on behind it.

    Derive from it: ``timeout``, ``find``, ``peek``, ``put``, ``drop``, ``restore``, ``entries``,
    ``counts``, ``expire`` and ``__len__`` are yours to write; the others have a plain form, which
    a table that is shared or large will want to write anew.
    """

    @property
    def timeout(self) -> float:
        """Seconds from its last use until a pin is forgotten."""

    @property
    def max_age(self) -> float | None:
        """Seconds from when it was made until a pin is forgotten however often it is used."""
        return None

    @property
    def outlives(self) -> bool:
        """Whether its pins outlive the process, and ``start(None)`` opens them without a reactor.

        Then commands can see and steer them while nothing runs, or beside what runs.
        """
        return False

    def start(self, reactor: Any) -> None:
        """The site begins to work: open what has to be opened. Starting twice is fine.

        Nothing touches a file or a network before. What is called before a start is ``timeout``,
        ``max_age`` and ``close``; and ``peek``, which knows nothing then.

        Args:
            reactor: Twisted's, for timers, threads and connections.

        Raises:
            TableError: files cannot be used; says where, what and what to do.
        """
        return None

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call back once what others have pinned is known here, or cannot be had.

        The site lets nobody in before, for a few seconds at most. By default that is at once.
        """
        call()

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None. Look at it, do not change it."""

    def peek(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, or None; this is no use."""

    def touch(self, key: bytes, now: float) -> bool:
        """Note a use, as of an exchange that is still open; False if there is no live pin."""
        return self.find(key, now) is not None

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there; a long unused pin may be evicted."""

    def put_if_absent(self, key: bytes, member: str, now: float) -> Pin:
        """Pin a key to a member unless it is pinned already; the pin that holds, its use noted.

        Where others share the table they may have been first. Then the pin that is returned
        gives way to theirs, within a turn of the reactor or the way to the server and back.
        """
        pin = self.find(key, now)
        if pin is None:
            self.put(key, member, now)
            pin = self.peek(key, now)
        return Pin(member, now, now) if pin is None else pin

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine. A pin that others made meanwhile stays."""

    def move(self, key: bytes, member: str, now: float) -> bool:
        """Give a live pin to another member, its age and last use kept; False if there is none."""
        pin = self.peek(key, now)
        if pin is None:
            return False
        self.restore(key, Pin(member, pin.made, pin.used))
        return True

    def restore(self, key: bytes, pin: Pin) -> None:
        """Take over a pin as it was elsewhere, its times included, replacing what was there."""

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        """All live pins, some at a time, so that other work can be done between two slices.

        Each key comes once, in no particular order. What is pinned or forgotten meanwhile may
        come or not. Look at the pins, do not change them.
        """

    def counts(self) -> Mapping[str, int]:
        """How many pins each member has; those over their time count until they are expired."""

    def expire(self, now: float) -> int:
        """Forget some of what is over its time; how many that was. Called about once a second."""

    def __len__(self) -> int:
        """How many pins there are, likewise."""

    def close(self) -> None:
        """Write what is to be kept, let go of files and connections. Closing twice is fine."""
        return None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a persistence sees in an arrival, for people who want to know why it went where.

    Attributes:
        key: what it goes by; b"" where the arrival has nothing of the kind.
        member: name of the member that it is pinned to, "" for none.
        age: seconds since the pin was made, -1.0 where nobody knows or there is none.
        unused: seconds since it was last used, likewise.
        note: what else there is to say, such as why a pin is not believed; may be empty.
    """

    key: bytes = b""
    member: str = ""
    age: float = -1.0
    unused: float = -1.0
    note: str = ""


class Persistence(Protocol):
    """Tells which member a client belongs to. One object per pool, called on the hot path.

    Derive from it: ``find``, ``bind``, ``forget``, ``timeout`` and ``table`` are yours to write,
    the rest does nothing until you write it.
    """

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member it is pinned to, or None; the pin's use is noted."""

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Remember that this client now belongs to ``member``; False if there is nothing to pin."""

    def forget(self, arrival: Arrival) -> None:
        """The pinned member cannot be used any more: drop the pin."""

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What ``find`` would go by: nothing is changed, counted or kept by this."""
        return Sight(note="this kind does not tell")

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

    def key_for(self, text: str) -> bytes:
        """The key of what people call a client, such as an address or the value of a cookie.

        b"" for what cannot be a client, and by default.
        """
        return b""

    def shown(self, key: bytes) -> str:
        """A key as people may read it; "" for one that is a secret, and by default."""
        return ""

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

    @property
    def wants_first_bytes(self) -> bool:
        """In tcp mode: whether ``find`` needs what the client says first.

        Then a server is chosen once ``has_enough`` is content, or after 4 KiB, or when the client
        says no more, or when its time for it is over; ``connection.first_bytes`` has what came.
        Protocols in which the server speaks first cannot work that way.
        """
        return False

    def has_enough(self, data: bytes) -> bool:
        """Whether these first bytes of a client are all that is needed."""
        return True

    def keep(self, servers: Sequence[RealServer]) -> None:
        """The members of the pool are these servers from now on; told before any work comes."""
        return None

    def doubt(self) -> str:
        """Why it seems to do little or nothing, and what to do; "" as long as all is well.

        Asked about once a minute, and told in the log once. What is counted for it must cost a
        request next to nothing. That nothing was pinned at all is found out without it.
        """
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works but is hardly meant or is dangerous, one sentence each; told at load."""
        return ()

    @property
    def refused(self) -> Mapping[str, int]:
        """How many pins that clients showed were not believed, by reason; empty if none can be."""
        return {}
