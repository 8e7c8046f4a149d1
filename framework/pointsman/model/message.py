"""The heads of HTTP messages: what is known of a request or response before its body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pointsman.model.headers import Headers

# Body lengths that are not a number of bytes (RFC 9112 section 6.3).
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2


class Mark(NamedTuple):
    """What a field that means something to a proxy says.

    Attributes:
        bit: which field (``core/http1/fields.py``).
        line: the whole line as it came, without CRLF.
        value: without blanks around it.
        number: of Content-Length; of Connection, whether it says CLOSE, KEEP_ALIVE or UPGRADE.
        options: the other options of Connection, lower case.
    """

    bit: int
    line: bytes
    value: bytes
    number: int = 0
    options: tuple[bytes, ...] = ()


# What a Connection field says, as bits of ``Mark.number``.
CLOSE: Final = 1
KEEP_ALIVE: Final = 2
UPGRADE: Final = 4


class Head:
    """What both kinds of head have.

    A head is made with its ``Headers``, or, when it was just read, with ``wire``: its field lines
    as they came, each with its CRLF. ``headers`` takes these apart when somebody asks.

    Attributes:
        minor: HTTP/1 minor version, 0 or 1.
        body_length: bytes of body, 0 for none, CHUNKED or UNTIL_CLOSE.
        keep_alive: whether the peer will go on with the connection afterwards.
        seen: bits of the special fields that it had when read.
        marks: what these fields said, in order.
    """

    __slots__ = (
        "_headers",
        "_wire",
        "body_length",
        "keep_alive",
        "marks",
        "minor",
        "seen",
    )

    def __init__(
        self,
        headers: Headers | None,
        wire: bytes | None,
        minor: int,
        body_length: int,
        keep_alive: bool,
    ) -> None:
        self._headers = Headers() if headers is None and wire is None else headers
        self._wire = b"" if wire is None else wire
        self.minor = minor
        self.body_length = body_length
        self.keep_alive = keep_alive
        self.seen = 0
        self.marks: Sequence[Mark] = ()

    @property
    def headers(self) -> Headers:
        """The fields, to be read and changed."""
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers.read(self._wire)
        return headers

    @property
    def wire(self) -> bytes | None:
        """The field lines as they came, each with its CRLF; None once they were changed."""
        headers = self._headers
        return self._wire if headers is None or headers.unchanged else None

    def lines(self) -> bytes:
        """The field lines as they are now, each with its CRLF."""
        headers = self._headers
        if headers is None or headers.unchanged:
            return self._wire
        return b"".join([b"%b: %b\r\n" % field for field in headers.fields])

    def take_lines(self, wire: bytes) -> None:
        """Take other field lines, well-formed ones, in the place of those there are.

        They must not differ in a field of ``marks``, nor of a name that could have become one.
        """
        headers = self._headers
        if headers is None or headers.unchanged:
            self._wire = wire
            self._headers = None
        else:
            # What was changed field by field may be another than the marks tell.
            self._headers = Headers.read(wire)
            self._headers.unchanged = False


class RequestHead(Head):
    """A request line and its header fields, framing already judged.

    Attributes:
        method: token as sent, upper and lower case kept (methods are case-sensitive).
        target: request target in origin, authority or asterisk form.
        host: value of Host, or the authority of an absolute target; b"" if HTTP/1.0 sent none.
        upgrade: value of Upgrade if Connection names it (RFC 9110 section 7.8), else b"".
        expects_continue: whether the client waits for 100 (RFC 9110 section 10.1.1).
    """

    __slots__ = ("expects_continue", "host", "method", "target", "upgrade")

    def __init__(
        self,
        method: bytes,
        target: bytes,
        headers: Headers | None = None,
        *,
        minor: int = 1,
        host: bytes = b"",
        body_length: int = 0,
        keep_alive: bool = True,
        upgrade: bytes = b"",
        expects_continue: bool = False,
        wire: bytes | None = None,
    ) -> None:
        super().__init__(headers, wire, minor, body_length, keep_alive)
        self.method = method
        self.target = target
        self.host = host
        self.upgrade = upgrade
        self.expects_continue = expects_continue

    def copy(self) -> RequestHead:
        """One of its own: the fields of either can be changed without the other's."""
        wire = self.wire
        twin = RequestHead(
            self.method,
            self.target,
            self.headers.copy() if wire is None else None,
            minor=self.minor,
            host=self.host,
            body_length=self.body_length,
            keep_alive=self.keep_alive,
            upgrade=self.upgrade,
            expects_continue=self.expects_continue,
            wire=wire,
        )
        twin.seen = self.seen
        twin.marks = self.marks
        return twin

    @property
    def path(self) -> bytes:
        """The path of the target without query; b"*" and authority targets as they are."""
        target = self.target
        if not target.startswith(b"/"):
            _, scheme, rest = target.partition(b"://")
            if scheme:
                _, slash, path = rest.partition(b"/")
                target = slash + path or b"/"
        return target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """What follows the first question mark of the target, without it; b"" if none."""
        return self.target.partition(b"?")[2]

    def __repr__(self) -> str:
        return f"RequestHead({self.method!r}, {self.path!r})"


class ResponseHead(Head):
    """A status line and its header fields, framing already judged.

    ``body_length`` says what follows on this connection: 0 for HEAD, 204 and 304 whatever
    Content-Length tells.

    Attributes:
        status: 100..999.
        reason: reason phrase as sent, may be empty.
    """

    __slots__ = ("reason", "status")

    def __init__(
        self,
        status: int,
        headers: Headers | None = None,
        *,
        reason: bytes = b"",
        minor: int = 1,
        body_length: int = 0,
        keep_alive: bool = True,
        wire: bytes | None = None,
    ) -> None:
        super().__init__(headers, wire, minor, body_length, keep_alive)
        self.status = status
        self.reason = reason

    def copy(self) -> ResponseHead:
        """One of its own: the fields of either can be changed without the other's."""
        wire = self.wire
        twin = ResponseHead(
            self.status,
            self.headers.copy() if wire is None else None,
            reason=self.reason,
            minor=self.minor,
            body_length=self.body_length,
            keep_alive=self.keep_alive,
            wire=wire,
        )
        twin.seen = self.seen
        twin.marks = self.marks
        return twin

    def __repr__(self) -> str:
        return f"ResponseHead({self.status})"
