"""What rules see of exchanges and connections: functions of a number, never objects of ours.

None of them raises: they return a value, or None and what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pointsman.contracts.rules import RuledExchange
from pointsman.model.headers import Headers
from pointsman.model.message import Head, RequestHead, ResponseHead
from pointsman_rules import facade_values as values
from pointsman_rules import set_cookies

Host = Mapping[str, Callable[..., Any]]
Problem = tuple[None, str]
# Fields that the codec keeps notes of, so that only it can change them, as it compares them: every
# other character than a letter or digit is a hyphen (``core.http1.fields``).
NOTED = frozenset(
    [
        "authorization", "connection", "content-length", "expect", "forwarded", "host",
        "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
    ]
)  # fmt: skip
REQUEST, RESPONSE, UPSTREAM = 1, 2, 3


class Facade:
    """The exchanges and connections that are live, by number, and the functions about them.

    Attributes:
        live: them.
        looks_at_requests: whether rules have asked for the fields of a request, and so will again.
        looks_at_answers: likewise of a response.
    """

    def __init__(self) -> None:
        self.live: dict[int, Any] = {}
        self.looks_at_requests = False
        self.looks_at_answers = False

    # ---- heads and their fields ----

    def _head(self, number: int, side: int) -> Head | None:
        x: RuledExchange = self.live[number]
        if side == REQUEST:
            return x.request
        return x.answer if side == RESPONSE else x.outgoing

    def functions(self) -> Host:
        """What the prelude calls about heads, cookies and arguments."""
        return {
            "lines": self.lines,
            "put_lines": self.put_lines,
            "set_header": self.set_header,
            "add_header": self.add_header,
            "remove_header": self.remove_header,
            "cookie": self.cookie,
            "put_cookie": self.put_cookie,
            "argument": self.argument,
            "argument_at": self.argument_at,
            "put_argument": self.put_argument,
            "set_cookie": self.set_cookie,
            "set_cookie_name": self.set_cookie_name,
            "set_cookie_attribute": self.set_cookie_attribute,
            "put_set_cookie": self.put_set_cookie,
            "change_set_cookie": self.change_set_cookie,
            "remove_set_cookie": self.remove_set_cookie,
            "secure": self.secure,
            "log_field": self.log_field,
        }

    def lines(self, number: int, side: int) -> tuple[bytes, bytes] | None:
        """The field lines of a head, and the same in small letters, as the prelude wants them."""
        head = self._head(number, side)
        if side == REQUEST:
            self.looks_at_requests = True
        elif side == RESPONSE and head is not None:
            self.looks_at_answers = True
        return None if head is None else spelled(head)

    def put_lines(self, number: int, side: int, lines: str) -> None:
        """Take the field lines that rules have changed."""
        head = self._head(number, side)
        if head is not None:
            head.take_lines(lines.encode("latin-1"))

    def _changeable(self, number: int, side: int, name: str) -> Headers | str:
        head = self._head(number, side)
        if head is None:
            return "there is no such message here"
        if name.lower() in values.FRAMING:
            return f"{name} belongs to the framing of a message: rules cannot change it"
        return head.headers

    def set_header(self, number: int, side: int, name: str, value: str) -> Problem | None:
        """Set a field in place of all of its name."""
        headers = self._changeable(number, side, name)
        if isinstance(headers, str):
            return None, headers
        try:
            headers.set(name.encode("latin-1"), value.encode("latin-1"))
        except ValueError as error:
            return None, str(error)
        self._host_follows(number, side, name, value)
        return None

    def _host_follows(self, number: int, side: int, name: str, value: str) -> None:
        head = self._head(number, side)
        if isinstance(head, RequestHead) and name.lower() == "host":
            head.host = value.encode("latin-1")

    def add_header(self, number: int, side: int, name: str, value: str) -> Problem | None:
        """Add a field after the others."""
        if name.lower() == "host":
            return None, "a request has one Host: set it"
        headers = self._changeable(number, side, name)
        if isinstance(headers, str):
            return None, headers
        try:
            headers.add(name.encode("latin-1"), value.encode("latin-1"))
        except ValueError as error:
            return None, str(error)
        return None

    def remove_header(self, number: int, side: int, name: str) -> Problem | None:
        """Drop all fields of that name."""
        if name.lower() == "host" and side != RESPONSE:
            return None, "a request needs its Host"
        headers = self._changeable(number, side, name)
        if isinstance(headers, str):
            return None, headers
        key = name.encode("latin-1")
        if key in headers:
            headers.remove(key)
        return None

    # ---- cookies and arguments ----

    def _request(self, number: int) -> RequestHead:
        head: RequestHead = self.live[number].request
        return head

    def cookie(self, number: int, name: str) -> str | None:
        """A cookie that the client sent."""
        return values.cookie(self._request(number), name)

    def put_cookie(self, number: int, name: str, value: str | None) -> Problem | None:
        """Change a cookie of the request."""
        return _problem(values.put_cookie(self._request(number), name, value))

    def argument(self, number: int, name: str) -> str | None:
        """An argument of the query."""
        return values.argument(self._request(number), name)

    def argument_at(self, number: int, name: str, at: int) -> str | None:
        """The ``at``-th argument of that name, from 1."""
        found = [v for key, v in values.arguments(self._request(number)) if key == name]
        return found[at - 1] if at <= len(found) else None

    def put_argument(self, number: int, name: str, value: str | None) -> Problem | None:
        """Change an argument of the query."""
        return _problem(values.put_argument(self._request(number), name, value))

    def _answer(self, number: int) -> Headers:
        head: ResponseHead | None = self.live[number].answer
        return Headers() if head is None else head.headers

    def set_cookie(self, number: int, name: str) -> str | None:
        """The value of a cookie that the answer sets."""
        return set_cookies.value(self._answer(number), name)

    def set_cookie_name(self, number: int, at: int) -> str | None:
        """The name of the ``at``-th cookie that it sets."""
        found = set_cookies.names(self._answer(number))
        return found[at - 1] if at <= len(found) else None

    def set_cookie_attribute(self, number: int, name: str, which: str) -> str | None:
        """An attribute of a cookie that it sets."""
        return set_cookies.attribute(self._answer(number), name, which)

    def put_set_cookie(self, number: int, name: str, value: str, words: str) -> Problem | None:
        """Set a cookie."""
        return _problem(set_cookies.put(self._answer(number), name, value, words))

    def change_set_cookie(self, number: int, name: str, words: str) -> Problem | None:
        """Change attributes of a cookie that it sets."""
        return _problem(set_cookies.change(self._answer(number), name, words))

    def remove_set_cookie(self, number: int, name: str) -> Problem | None:
        """Set that cookie no more."""
        return _problem(set_cookies.remove(self._answer(number), name))

    def secure(self, number: int) -> bool:
        """Whether TLS was taken off the client's connection."""
        return bool(self.live[number].connection.secure)

    def log_field(self, number: int, name: str, value: str) -> Problem | None:
        """A further field of the access log."""
        x = self.live.get(number)
        if x is None or not hasattr(x, "log_fields"):
            return None, "log.field belongs to an exchange, and there is none here"
        if len(x.log_fields) >= 32 and name not in x.log_fields:
            return None, "an exchange has at most 32 further log fields"
        x.log_fields[name] = value[:4096]
        return None


def spelled(head: Head) -> tuple[bytes, bytes]:
    """The field lines of a head; the same behind a line end, in small letters, to search them."""
    lines = head.lines()
    return lines, b"\n" + lines.lower()


def _problem(problem: str | None) -> Problem | None:
    return None if problem is None else (None, problem)
