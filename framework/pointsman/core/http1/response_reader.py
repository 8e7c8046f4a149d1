"""Bytes become response heads, judged as strictly as RFC 9112 allows."""

from __future__ import annotations

from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.core.http1.field_lines import FieldLines, MalformedLine
from pointsman.model.errors import UpstreamError
from pointsman.model.message import CHUNKED, CLOSE, KEEP_ALIVE, UNTIL_CLOSE, Mark, ResponseHead

_LENGTHS: Final = f.CONTENT_LENGTH | f.TRANSFER_ENCODING
_NO_LIMIT: Final = 1 << 62
# A head that is longer than this is not remembered: connections may be many.
_MOST_REMEMBERED: Final = 2048


class ResponseReader:
    """Reads the response heads of one upstream connection, one at a time.

    A head that is equal, byte for byte, to the last one of the connection is not judged anew:
    within a second (that of Date) a server says the same again and again.

    Args:
        max_bytes: a longer head is an error, 0 for no limit.
        lines: shared memory of field lines.

    Attributes:
        end: after a head was read, the offset in the data at which it ended.
    """

    __slots__ = ("_judge", "_last", "_last_text", "_most_bytes", "_statuses", "end")

    def __init__(self, max_bytes: int, lines: FieldLines) -> None:
        self._most_bytes = max_bytes or _NO_LIMIT  # with the empty line at the end
        self._judge = lines.__getitem__
        self._statuses = lines.statuses
        self._last: ResponseHead | None = None
        self._last_text = b""
        self.end = 0

    def read(self, data: bytes, method: bytes) -> ResponseHead | None:
        """The head at the start of ``data``, or None if its end has not come yet.

        Args:
            data: all bytes since the end of the last message, not empty.
            method: of the request that is answered; HEAD changes the framing.

        Raises:
            UpstreamError: the server does not speak HTTP/1, or ambiguously.
        """
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._check_unfinished(data)
            return None
        self.end = end + 4
        if end + 4 > self._most_bytes:
            raise UpstreamError("response", "response head is too large")
        text = data[:end]
        last = self._last
        head = last.copy() if last is not None and text == self._last_text else self._judged(text)
        status = head.status
        # RFC 9112 section 6.3: these have no body whatever their fields say.
        if status < 200 or status == 204 or status == 304 or method == b"HEAD":
            head.body_length = 0
            if status == 204 and head.seen & f.CONTENT_LENGTH:
                # A client that believed it would wait for a body (RFC 9110 section 8.6).
                head.headers.remove(b"Content-Length")
        elif head.body_length == UNTIL_CLOSE:
            head.keep_alive = False
        return head

    def _judged(self, text: bytes) -> ResponseHead:
        lines = text.split(b"\r\n")
        line = lines.pop(0)
        try:
            status, reason, minor = self._statuses[line]
            marks = list(filter(None, map(self._judge, lines)))
        except MalformedLine as error:
            raise UpstreamError("response", str(error)) from None
        wire = text[len(line) + 2 :] + b"\r\n" if lines else b""
        head = ResponseHead(status, reason=reason, minor=minor, wire=wire)
        head.marks = marks
        length = UNTIL_CLOSE
        says = seen = repeated = 0
        options: tuple[bytes, ...] = ()
        as_it_came = True
        for mark in marks:
            bit = mark.bit
            if seen & bit:
                repeated |= bit
            seen |= bit
            if bit == f.CONTENT_LENGTH:
                length = mark.number
                if mark.value[0] == 48 and length:  # see the request reader
                    head.headers.set(b"Content-Length", b"%d" % length)
                    as_it_came = False
            elif bit == f.CONNECTION:
                says |= mark.number
                if mark.options:
                    options += mark.options
            elif bit == f.TRANSFER_ENCODING:
                length = _judge_transfer_encoding(mark)
        head.seen = seen
        if repeated & _LENGTHS or (
            seen & f.TRANSFER_ENCODING and (seen & f.CONTENT_LENGTH or not minor)
        ):
            raise UpstreamError(
                "response", "ambiguous framing of the response (RFC 9112 section 6.3)"
            )
        if options:
            f.drop_named(head, options)
            as_it_came = False
        if says & CLOSE or not (minor or says & KEEP_ALIVE):
            head.keep_alive = False
        head.body_length = length
        if as_it_came and len(text) <= _MOST_REMEMBERED:
            self._last_text = text
            self._last = head.copy()
        return head

    def _check_unfinished(self, data: bytes) -> None:
        if len(data) > self._most_bytes:
            raise UpstreamError("response", "response head is too large")
        if data[:7] != b"HTTP/1."[: len(data)]:
            raise UpstreamError("response", "the answer is not HTTP/1.0 or HTTP/1.1")
        if data.count(b"\n") != data.count(b"\r\n"):
            raise UpstreamError("response", "lines of the response do not end with CRLF")


def _judge_transfer_encoding(mark: Mark) -> int:
    if mark.value.lower() != b"chunked":
        raise UpstreamError("response", "the only transfer coding here is chunked (RFC 9112, 6.1)")
    return CHUNKED
