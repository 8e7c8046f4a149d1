"""``server_cookie``: a client belongs to the server that gave it a cookie."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from pydantic import Field

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman.model.cookies import cookie_of, cookies_set
from pointsman.model.message import ResponseHead
from pointsman_persistence.keyed import LONGEST_KEY, KeyedPins, PinSettings, needs_http, short

# Requests and answers in a row without the cookie that are no accident any more.
ENOUGH = 1000
TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"


class ServerCookieSettings(PinSettings):
    """Which cookie it is, and how long its value is remembered.

    Attributes:
        cookie: its name, as the servers set it; upper and lower case differ.
        path_parameter: name of a parameter of the path, such as jsessionid, that holds the same
            value where a client takes no cookies; "" for none.
    """

    cookie: str = Field(pattern=TOKEN, max_length=256, examples=["JSESSIONID"])
    path_parameter: str = Field(default="", pattern=r"^[A-Za-z0-9._~-]*$", examples=["jsessionid"])


class ServerCookie(KeyedPins):
    """Pins by the value of a cookie that the servers set; nothing is changed on the way.

    A value is learned when a server sets it, whatever the status of its answer, and unlearned when
    a server takes it back. One that a client brings and that nobody knows is learned to the server
    that is chosen for it.

    Args:
        table: where the pins are; its times are this persistence's.
        cookie: name of the cookie.
        path_parameter: name of the parameter of the path, or b"".
        wall: seconds since the epoch, for the Expires of cookies.

    Source: the LoadMaster's server cookie; HAProxy's ``stick store-response``.
    """

    __slots__ = ("_absent", "_cookie", "_parameter", "_unset", "_wall")

    def __init__(
        self,
        table: Table,
        cookie: bytes,
        path_parameter: bytes = b"",
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(table)
        self._cookie = cookie
        self._parameter = b";" + path_parameter + b"=" if path_parameter else b""
        self._wall = wall
        self._absent = 0  # so many requests in a row were without the cookie
        self._unset = 0  # so many answers in a row did not set it

    def key(self, arrival: Arrival) -> bytes:
        """The value of the cookie, else of the parameter of the path."""
        request = arrival.request
        if request is None:
            return b""
        value = cookie_of(request, self._cookie)
        if not value and self._parameter:
            value = self._in_path(request.target)
        return short(value) if value else b""

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that its value is pinned to, or None; the use is noted (hot)."""
        request = arrival.request
        value = cookie_of(request, self._cookie) if request is not None else None
        if value:
            self._absent = 0
            if len(value) <= LONGEST_KEY:
                arrival.kept = value
                pin = self._table.find(value, now)
                return None if pin is None else pin.member
        else:
            self._absent += 1
            if not self._parameter:
                arrival.kept = b""
                return None
        return super().find(arrival, now)

    def key_for(self, text: str) -> bytes:
        """The key of a value, with or without the quotes that may stand around it."""
        if len(text) >= 2 and text[0] == text[-1] == '"':
            text = text[1:-1]
        return super().key_for(text)

    def doubt(self) -> str:
        """Whether the cookie is seen at all, on its way in either direction."""
        if self._absent < ENOUGH:
            return ""
        name = self._cookie.decode("latin-1")
        if self._unset >= ENOUGH:
            return (
                f"the cookie {name} was in none of the last {self._absent} requests, and the"
                f" servers set it in none of their last {self._unset} answers: is that its name?"
                " If they set none at all, take active_cookie"
            )
        return (
            f"the servers set the cookie {name}, and it was in none of the last {self._absent}"
            " requests: do its Path, Domain and Secure fit how clients come here?"
        )

    @property
    def wants_response(self) -> bool:
        """Servers set the cookie in their answers."""
        return True

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """Learn what the server sets, and forget what it takes back."""
        wire = head.wire
        self._unset += 1
        # `in` would try whether the name is a number first, and that costs more than the search.
        if wire is not None and wire.find(self._cookie) < 0 and not self._parameter:
            return  # as nearly always
        cookies = cookies_set(head, self._cookie, self._wall())
        # A cookie of another path may be taken back in the answer that sets the new one, before
        # or after it, so what is set counts more.
        for cookie in cookies:
            if cookie.lifetime <= 0:
                self._unlearn(arrival, cookie.value)
        for cookie in cookies:
            if cookie.lifetime > 0 and cookie.value:
                self._unset = 0
                self._learn(arrival, short(cookie.value), member, now)
        if self._parameter and (wire is None or wire.find(self._parameter) >= 0):
            for name in (b"location", b"content-location"):
                for place in head.headers.get_all(name):
                    if value := self._in_path(place):
                        self._learn(arrival, short(value), member, now)

    def _learn(self, arrival: Arrival, key: bytes, member: str, now: float) -> None:
        pin = self._table.peek(key, now)
        # Whoever serves a client just this once may repeat its cookie; that moves no pin.
        if pin is None or (pin.member != member and key != arrival.kept):
            self._table.put(key, member, now)

    def _unlearn(self, arrival: Arrival, value: bytes) -> None:
        if value:
            self._table.drop(short(value))
        self.forget(arrival)

    def _in_path(self, target: bytes) -> bytes:
        begin = target.partition(b"?")[0].find(self._parameter)
        if begin < 0:
            return b""
        return _PARAMETER_END.split(target[begin + len(self._parameter) :], 1)[0]


_PARAMETER_END = re.compile(rb"[;/?#]")


def make(settings: ServerCookieSettings, surroundings: Surroundings) -> ServerCookie:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("server_cookie", surroundings)
    return ServerCookie(
        settings.open_table(surroundings),
        settings.cookie.encode(),
        settings.path_parameter.encode(),
    )


OFFER = Offer(ServerCookieSettings, make, "A client belongs to the server that gave it a cookie.")
