"""``active_cookie``: a client belongs to the member that a cookie of ours names."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf

from pointsman.contracts import Arrival, Persistence, Sight
from pointsman.model.cookies import cookie_of
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.tokens import TEXT_LENGTH, Token, Tokens

EXPIRED = "expired"  # not used for too long, or too old

# Tokens that were read and found good, and tokens whose work lasts; about 300 octets each.
_MOST_KEPT = 16_384


class ActiveCookie(Persistence):
    """Pins that clients keep for us: a cookie holds a signed token that names the member.

    There is no table. The cookie is written when a client has none that is believed, and anew only
    when it must be: its member changed, it was signed by a key that goes out of use, or a quarter
    of ``timeout`` has passed since it was written. So a pin is good for ``timeout`` from its last
    use, and for up to a quarter longer.

    Args:
        tokens: writes and reads them.
        inserted: how the cookie is called and written.
        timeout: seconds from its last use until a token is not believed any more; 0.0 for never.
        max_age: seconds from when the client was given to its member, likewise.
        wall: seconds since the epoch; tokens outlive this process.
        warnings: what is to be told at load.

    Source: HAProxy's ``cookie insert`` with ``maxidle`` and ``maxlife``, and keys that rotate.
    """

    __slots__ = (
        "_believed",
        "_has_end",
        "_inserted",
        "_late",
        "_max_age",
        "_name",
        "_open",
        "_period",
        "_period_begins",
        "_period_ends",
        "_refused",
        "_rewrite",
        "_timeout",
        "_tokens",
        "_wall",
        "_warnings",
    )

    def __init__(
        self,
        tokens: Tokens,
        inserted: Inserted,
        timeout: float = 0.0,
        max_age: float = 0.0,
        wall: Callable[[], float] = time.time,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self._tokens = tokens
        self._inserted = inserted
        self._name = inserted.name
        self._timeout = timeout
        self._rewrite = timeout / 4 or inf
        self._late = timeout + self._rewrite
        self._max_age = max_age or inf
        self._has_end = bool(timeout or max_age)
        self._period = 0
        self._period_begins = self._period_ends = 0.0
        self._wall = wall
        self._warnings = warnings
        self._refused: Counter[str] = Counter()
        self._believed: dict[bytes, Token] = {}
        self._open: dict[bytes, float] = {}

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member in the cookie, or None; what is to be written is kept."""
        arrival.kept = None
        request = arrival.request
        text = cookie_of(request, self._name) if request is not None else None
        if not text:
            return None
        wall = self._wall()
        if not self._period_begins <= wall < self._period_ends:
            self._begin_period(wall)
        token = self._believed.get(text)
        if token is None:
            token = self._read(text, wall)
            if token is None:
                return None
        if self._has_end and self._is_over(token, text, wall):
            self._refused[EXPIRED] += 1
            return None
        if token.period < self._period or token.foreign or wall - token.stamped >= self._rewrite:
            arrival.kept = self._tokens.write(token.member, token.made, wall)
        return token.member

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Have the answer tell the client where it belongs now."""
        wall = self._wall()
        arrival.kept = self._tokens.write(member, int(wall), wall)
        return True

    def look(self, arrival: Arrival, now: float) -> Sight:
        """What its cookie says."""
        request = arrival.request
        text = cookie_of(request, self._name) if request is not None else None
        if not text:
            return Sight()
        wall = self._wall()
        token = self._tokens.read(text, wall)
        if isinstance(token, str):
            return Sight(text, note=f"{token} cookie")
        age, unused = wall - token.made, wall - token.stamped
        if self._is_over(token, text, wall):
            return Sight(text, note=f"{EXPIRED} cookie")
        return Sight(text, token.member, age, unused)

    def forget(self, arrival: Arrival) -> None:
        """Its member cannot be used: the client is told of the next one."""
        arrival.kept = None

    def touch(self, arrival: Arrival, now: float) -> None:
        """Its work is still open, and its cookie cannot be written now: remember that here."""
        request = arrival.request
        if not self._timeout or request is None:
            return
        wall = self._wall()
        for text in (arrival.kept, cookie_of(request, self._name)):
            if isinstance(text, bytes) and len(text) == TEXT_LENGTH:
                self._open.pop(text, None)
                self._open[text] = wall
        if len(self._open) > _MOST_KEPT:
            del self._open[next(iter(self._open))]

    @property
    def timeout(self) -> float:
        """Seconds since its last use that a pin is good for, 0.0 for no end."""
        return self._timeout

    @property
    def table(self) -> None:
        """There is none: clients keep their pins."""
        return

    @property
    def wants_request(self) -> bool:
        """Whether servers are not to see the cookie."""
        return self._inserted.strip

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """Take the cookie out."""
        self._inserted.take_out(head)

    @property
    def wants_response(self) -> bool:
        """The cookie is written there."""
        return True

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """Write the cookie if it is due."""
        token = arrival.kept
        if isinstance(token, bytes):
            self._inserted.put_in(head, token, secure=arrival.connection.secure)

    def keep(self, servers: Sequence[RealServer]) -> None:
        """These are the members that cookies can name."""
        self._tokens.keep([server.name for server in servers])
        self._believed.clear()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be told at load."""
        return self._warnings

    @property
    def refused(self) -> Mapping[str, int]:
        """How many cookies were not believed: forged, outdated, removed (member) or expired."""
        return self._refused

    def _read(self, text: bytes, wall: float) -> Token | None:
        token = self._tokens.read(text, wall)
        if isinstance(token, str):
            self._refused[token] += 1
            return None
        if len(self._believed) >= _MOST_KEPT:
            self._believed.clear()
        self._believed[text] = token
        return token

    def _is_over(self, token: Token, text: bytes, wall: float) -> bool:
        """Whether it has not been used for too long, or is too old."""
        if wall - token.made >= self._max_age:
            return True
        # It could not be written anew while its work was open.
        used = max(float(token.stamped), self._open.get(text, 0.0) - self._rewrite)
        return wall - used >= self._late

    def _begin_period(self, wall: float) -> None:
        """Another key signs: what was believed has to be looked at again."""
        self._believed.clear()
        self._period = self._tokens.period(wall)
        self._period_begins, self._period_ends = self._tokens.period_times(wall)
