"""The heads of HTTP messages: what is known of a request or response before its body."""

from __future__ import annotations

from pointsman.model.headers import Headers

# Body lengths that are not a number of bytes (RFC 9112 section 6.3).
CHUNKED = -1
UNTIL_CLOSE = -2


class RequestHead:
    """A request line and its header fields, framing already judged.

    Attributes:
        method: token as sent, upper and lower case kept (methods are case-sensitive).
        target: request target as sent, in origin, absolute, authority or asterisk form.
        minor: HTTP/1 minor version, 0 or 1.
        headers: the fields as they came.
        host: value of Host, or the authority of an absolute target; b"" if HTTP/1.0 sent none.
        body_length: bytes of body, 0 for none, or CHUNKED.
        keep_alive: whether the client is willing to send another request afterwards.
        upgrade: value of Upgrade if Connection names it (RFC 9110 section 7.8), else b"".
        expects_continue: whether the client waits for 100 (RFC 9110 section 10.1.1).
        options: connection options beside the usual ones, lower case: fields to be dropped.
        marks: bits of the special fields that it had when read (``core/http1/fields.py``).
    """

    __slots__ = (
        "body_length",
        "expects_continue",
        "headers",
        "host",
        "keep_alive",
        "marks",
        "method",
        "minor",
        "options",
        "target",
        "upgrade",
    )

    def __init__(
        self,
        method: bytes,
        target: bytes,
        headers: Headers,
        *,
        minor: int = 1,
        host: bytes = b"",
        body_length: int = 0,
        keep_alive: bool = True,
        upgrade: bytes = b"",
        expects_continue: bool = False,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.minor = minor
        self.host = host
        self.body_length = body_length
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.expects_continue = expects_continue
        self.options: tuple[bytes, ...] = ()
        self.marks = 0

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


class ResponseHead:
    """A status line and its header fields, framing already judged.

    Attributes:
        status: 100..999.
        reason: reason phrase as sent, may be empty.
        minor: HTTP/1 minor version, 0 or 1.
        headers: the fields as they came.
        body_length: bytes of body, 0 for none, CHUNKED or UNTIL_CLOSE. It says what follows on
            this connection: 0 for HEAD, 204 and 304 whatever Content-Length tells.
        keep_alive: whether the server will take another request on this connection.
        options: connection options beside the usual ones, lower case: fields to be dropped.
        marks: bits of the special fields that it had when read (``core/http1/fields.py``).
    """

    __slots__ = (
        "body_length",
        "headers",
        "keep_alive",
        "marks",
        "minor",
        "options",
        "reason",
        "status",
    )

    def __init__(
        self,
        status: int,
        headers: Headers,
        *,
        reason: bytes = b"",
        minor: int = 1,
        body_length: int = 0,
        keep_alive: bool = True,
    ) -> None:
        self.status = status
        self.headers = headers
        self.reason = reason
        self.minor = minor
        self.body_length = body_length
        self.keep_alive = keep_alive
        self.options: tuple[bytes, ...] = ()
        self.marks = 0

    def __repr__(self) -> str:
        return f"ResponseHead({self.status})"
