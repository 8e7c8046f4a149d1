"""Bytes become request heads, judged as strictly as RFC 9112 allows."""

from __future__ import annotations

import re
from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.core.http1.field_lines import (
    FieldLines,
    MalformedLine,
    is_authority,
)
from pointsman.model.errors import ClientError
from pointsman.model.message import CHUNKED, CLOSE, KEEP_ALIVE, UPGRADE, Mark, RequestHead
from pointsman.model.service import Limits

_MINORS: Final = {b"HTTP/1.1": 1, b"HTTP/1.0": 0}
_METHODS: Final = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE")
)
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NUMBER_SIGN: Final = ord("#")
_VERSIONED: Final = re.compile(rb"[^ ]+ [^ ]+ HTTP/[0-9]\.[0-9]")
# Marks that say nothing about the framing, the connection or the expectation of a request.
_HARMLESS: Final = (
    f.HOST | f.ABOUT_CLIENT | f.VIA | f.TRAILER | f.TE | f.LOOKALIKE | f.AUTHORIZATION
)
_NO_LIMIT: Final = 1 << 62
# Fields that are longer than this, all together, are not remembered: connections may be many.
_MOST_REMEMBERED: Final = 2048


class RequestReader:
    """Reads the request heads of one client connection, one at a time, and nothing after them.

    Most clients send the same fields again with each request. Those that are equal, byte for byte,
    to the last ones of the connection need not be judged anew.

    Args:
        limits: sizes of line and head, number of fields.
        lines: shared memory of field lines.

    Attributes:
        end: after a head was read, the offset in the data at which it ended.
    """

    __slots__ = (
        "_judge",
        "_last_host",
        "_last_marks",
        "_last_seen",
        "_last_wire",
        "_most_bytes",
        "_most_fields",
        "_most_line",
        "end",
    )

    def __init__(self, limits: Limits, lines: FieldLines) -> None:
        self._judge = lines.__getitem__
        self._most_line = (limits.request_line or _NO_LIMIT) - 2  # without its CRLF
        self._most_bytes = limits.header_bytes or _NO_LIMIT  # with the empty line at the end
        self._most_fields = limits.header_count or _NO_LIMIT
        # What the last fields were, and what they said; at first there are none.
        self._last_wire = b""
        self._last_marks: list[Mark] = []
        self._last_seen = 0
        self._last_host = b""
        self.end = 0

    def read(self, data: bytes) -> RequestHead | None:
        """The head at the start of ``data`` (not empty), or None if its end has not come yet.

        Raises:
            ClientError: 400, 414, 417, 431, 501 or 505; the connection cannot be used any more.
        """
        end = data.find(b"\r\n\r\n")
        if data[0] == 13:  # RFC 9112 section 2.2: one empty line before a request is ignored
            return self._after_empty_line(data)
        if end < 0:
            self._check_unfinished(data)
            return None
        self.end = end + 4
        line = data[: data.find(b"\r\n")]
        try:
            method, target, version = line.split(b" ")
            minor = _MINORS[version]
        except (ValueError, KeyError):
            raise _bad_request_line(line) from None
        if method not in _METHODS and not _TOKEN.fullmatch(method):
            raise ClientError(400, "the method is not a token (RFC 9110 section 9.1)")
        if not _may_be_target(target):
            raise ClientError(400, "malformed request target (RFC 9112 section 3.2)")
        if len(line) > self._most_line:
            raise ClientError(414, "request line is too long")
        if end + 4 > self._most_bytes:
            raise ClientError(431, "request header fields are too large")
        wire = data[len(line) + 2 : end + 2]
        head = RequestHead(method, target, minor=minor, wire=wire)
        if wire == self._last_wire:
            head.marks = self._last_marks
            head.seen = self._last_seen
            head.host = self._last_host
        else:
            self._judge_fields(head, wire)
        seen = head.seen
        if minor and not seen & f.HOST:
            raise ClientError(400, "no Host (RFC 9112 section 3.2)")
        if target[0] != 47 or method == b"CONNECT":
            _judge_target(head)
        if seen & ~_HARMLESS:
            _judge_framing(head)
        elif not minor:
            head.keep_alive = False
        return head

    def _judge_fields(self, head: RequestHead, wire: bytes) -> None:
        lines = wire.split(b"\r\n")
        lines.pop()  # nothing is behind the last CRLF
        if len(lines) > self._most_fields:
            raise ClientError(431, "request header fields are too many")
        try:
            marks = list(filter(None, map(self._judge, lines)))
        except MalformedLine as error:
            raise ClientError(400, str(error)) from None
        seen = repeated = 0
        for mark in marks:
            bit = mark.bit
            if seen & bit:
                repeated |= bit
            seen |= bit
            if bit == f.HOST:
                head.host = mark.value
        head.seen = seen
        head.marks = marks
        if repeated & (f.HOST | f.CONTENT_LENGTH | f.TRANSFER_ENCODING):
            raise ClientError(
                400, "a field that may come once came twice (RFC 9112 sections 3.2, 6)"
            )
        if len(wire) <= _MOST_REMEMBERED:
            self._last_wire = wire
            self._last_marks = marks
            self._last_seen = seen
            self._last_host = head.host

    def _after_empty_line(self, data: bytes) -> RequestHead | None:
        if data == b"\r":
            return None
        if not data.startswith(b"\r\n") or data.startswith(b"\r\n\r"):
            raise ClientError(400, "expected a request line (RFC 9112 section 3)")
        if len(data) == 2:
            return None
        head = self.read(data[2:])
        self.end += 2
        return head

    def _check_unfinished(self, data: bytes) -> None:
        """Refuse early what can only become wrong."""
        line_end = data.find(b"\r\n")
        if line_end < 0:
            line_end = len(data) - data.endswith(b"\r")  # it ends there at the earliest
        if line_end > self._most_line:
            raise ClientError(414, "request line is too long")
        if len(data) > self._most_bytes:
            raise ClientError(431, "request header fields are too large")
        # A bare LF never ends a line here, so such a head would wait for its end in vain.
        if data.count(b"\n") != data.count(b"\r\n"):
            raise ClientError(400, "lines must end with CRLF (RFC 9112 section 2.2)")


def _may_be_target(target: bytes) -> bool:
    """Visible ASCII, no blanks, and never a fragment (RFC 9112 section 3.2)."""
    # A line is split at its blanks, so there is none in it. (To look for bytes in bytes is slow.)
    return (
        bool(target)
        and target.isascii()
        and target.decode("ascii").isprintable()
        and _NUMBER_SIGN not in target
    )


def _bad_request_line(line: bytes) -> ClientError:
    if _VERSIONED.fullmatch(line):
        return ClientError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return ClientError(400, "malformed request line (RFC 9112 section 3)")


def _judge_target(head: RequestHead) -> None:
    """Every form but origin-form (RFC 9112 sections 3.2.2 to 3.2.4)."""
    target = head.target
    if head.method == b"CONNECT":
        # RFC 9110 section 9.3.6: there is no default port.
        if not is_authority(target) or not target.rpartition(b":")[2].strip(b"0").isdigit():
            raise ClientError(400, "CONNECT wants host:port (RFC 9112 section 3.2.3)")
        return
    if target == b"*":
        if head.method != b"OPTIONS":
            raise ClientError(400, "only OPTIONS may ask for * (RFC 9112 section 3.2.4)")
        return
    scheme, _, rest = target.partition(b"://")
    authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
    if scheme.lower() not in (b"http", b"https") or not is_authority(authority):
        raise ClientError(400, "the request target is in no form of RFC 9112 section 3.2")
    origin = rest[len(authority) :]
    if not origin and head.method == b"OPTIONS":
        head.target = b"*"  # RFC 9112 section 3.2.4
    else:
        head.target = origin if origin.startswith(b"/") else b"/" + origin
    if head.host != authority:
        head.host = authority
        head.headers.set(b"Host", authority)  # RFC 9112 section 3.2.2: Host is replaced


def _judge_framing(head: RequestHead) -> None:
    """Length, connection and expectation (RFC 9112 sections 6 and 9, RFC 9110 section 10.1.1)."""
    seen, marks, minor = head.seen, head.marks, head.minor
    if seen & f.TRANSFER_ENCODING:
        _judge_transfer_encoding(head)
    says = 0
    upgrade = b""
    options: tuple[bytes, ...] = ()
    for mark in marks:
        bit = mark.bit
        if bit == f.CONNECTION:
            says |= mark.number
            if mark.options:
                options += mark.options
        elif bit == f.CONTENT_LENGTH:
            head.body_length = mark.number
            if mark.line[15:] != b" %d" % mark.number:
                # Zeros in front and tabs are sound, but a server behind us may read them otherwise.
                head.headers.set(b"Content-Length", b"%d" % mark.number)
        elif bit == f.UPGRADE:
            upgrade = mark.value if not upgrade else upgrade + b", " + mark.value
        elif bit == f.EXPECT and minor:
            if mark.value.lower() != b"100-continue":
                raise ClientError(417, "only 100-continue can be expected (RFC 9110 10.1.1)")
            head.expects_continue = True
    if options:
        f.drop_named(head, options)
    # RFC 9112 section 9.3; an HTTP/1.0 client has to ask for it.
    if says & CLOSE or not (minor or says & KEEP_ALIVE):
        head.keep_alive = False
    # Inside a tunnel of HTTP/2 no rule would see a request, and RFC 9113 section 3.1 has given
    # h2c up: the request goes on as if it had not been offered.
    if says & UPGRADE and upgrade and minor and b"h2c" not in f.tokens([upgrade]):
        head.upgrade = upgrade
    if head.body_length and head.method == b"CONNECT":
        raise ClientError(400, "a CONNECT has no body (RFC 9110 section 9.3.6)")


def _judge_transfer_encoding(head: RequestHead) -> None:
    if head.seen & f.CONTENT_LENGTH:
        raise ClientError(400, "Content-Length beside Transfer-Encoding (RFC 9112 section 6.1)")
    if not head.minor:
        raise ClientError(400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 section 6.1)")
    value = next(mark.value for mark in head.marks if mark.bit == f.TRANSFER_ENCODING).lower()
    if value != b"chunked":
        known = f.tokens([value])[-1:] == [b"chunked"] and value.count(b"chunked") == 1
        raise ClientError(
            501 if known else 400, "the only transfer coding here is chunked (RFC 9112 section 6.1)"
        )
    head.body_length = CHUNKED
