"""Bytes become response heads: llhttp's grammar, and RFC 9112 where that is stricter."""

from __future__ import annotations

import httptools

from pointsman.core.http1 import fields as f
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Field, Headers
from pointsman.model.message import CHUNKED, UNTIL_CLOSE, ResponseHead

_USUAL_OPTIONS = frozenset((b"close", b"keep-alive", b"upgrade", b"te"))


class ResponseReader:
    """Reads the response heads of one upstream connection, one at a time.

    Args:
        max_bytes: a longer head is an error, 0 for no limit.
        bits: shared memory of field names.

    Attributes:
        end: after a head was read, the offset in the data at which it ended.
    """

    __slots__ = ("_bits", "_fields", "_max_bytes", "_reason", "_repeated", "_seen", "end")

    def __init__(self, max_bytes: int, bits: f.FieldBits) -> None:
        self._max_bytes = max_bytes
        self._bits = bits
        self._fields: list[Field] = []
        self._reason = b""
        self._seen = 0
        self._repeated = 0
        self.end = 0

    # ---- what llhttp calls ----

    def on_status(self, reason: bytes) -> None:
        """The reason phrase."""
        self._reason = reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field."""
        self._fields.append((name, value))
        bit = self._bits[name]
        if bit:
            self._repeated |= self._seen & bit
            self._seen |= bit

    # ---- what the connection calls ----

    def read(self, data: bytes, method: bytes) -> ResponseHead | None:
        """The head at the start of ``data``, or None if its end has not come yet.

        Args:
            data: all bytes since the end of the last message.
            method: of the request that is answered; HEAD and CONNECT change the framing.

        Raises:
            UpstreamError: the server does not speak HTTP/1, or ambiguously.
        """
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._check_unfinished(data)
            return None
        self.end = end = end + 4
        if end > self._max_bytes > 0:
            raise UpstreamError("response", "response head is too large")
        self._fields = fields = []
        self._seen = self._repeated = 0
        self._reason = b""
        parser = httptools.HttpResponseParser(self)
        try:
            parser.feed_data(data if end == len(data) else data[:end])
        except httptools.HttpParserUpgrade:
            pass  # 101: what follows is not HTTP, and is not given to the parser
        except httptools.HttpParserError as error:
            raise UpstreamError("response", f"malformed response: {error}") from None
        if data.startswith(b"HTTP/1.1 "):
            minor = 1
        elif data.startswith(b"HTTP/1.0 "):
            minor = 0
        else:
            raise UpstreamError("response", "the answer is not HTTP/1.0 or HTTP/1.1")
        status = parser.get_status_code()
        line_end = data.find(b"\r\n") + 2
        head = ResponseHead(
            status,
            Headers.wrap(fields, data[line_end : end - 2]),
            reason=self._reason,
            minor=minor,
            body_length=UNTIL_CLOSE,
        )
        head.marks = self._seen
        self._judge_framing(head, method)
        return head

    def _check_unfinished(self, data: bytes) -> None:
        if len(data) > self._max_bytes > 0:
            raise UpstreamError("response", "response head is too large")
        if not b"HTTP/1.".startswith(data[:7]):
            raise UpstreamError("response", "the answer is not HTTP/1.0 or HTTP/1.1")
        if b"\n\n" in data:
            raise UpstreamError("response", "lines of the response do not end with CRLF")

    def _judge_framing(self, head: ResponseHead, method: bytes) -> None:
        """RFC 9112 sections 6.3 and 9.3, in their order."""
        seen = self._seen
        if seen & f.CONNECTION:
            options = f.tokens(head.headers.get_all(b"connection"))
            head.keep_alive = b"close" not in options and (
                head.minor == 1 or b"keep-alive" in options
            )
            head.options = tuple(option for option in options if option not in _USUAL_OPTIONS)
        else:
            head.keep_alive = head.minor == 1
        length = (
            self._declared_length(head)
            if seen & (f.CONTENT_LENGTH | f.TRANSFER_ENCODING)
            else UNTIL_CLOSE
        )
        status = head.status
        if status < 200 or status == 204 or status == 304 or method == b"HEAD":
            head.body_length = 0
            return
        head.body_length = length
        if length == UNTIL_CLOSE:
            head.keep_alive = False

    def _declared_length(self, head: ResponseHead) -> int:
        seen = self._seen
        headers = head.headers
        if seen & f.TRANSFER_ENCODING:
            codings = headers.get_all(b"transfer-encoding")
            if seen & f.CONTENT_LENGTH or head.minor == 0 or f.tokens(codings) != [b"chunked"]:
                raise UpstreamError(
                    "response", "ambiguous framing of the response (RFC 9112 section 6.3)"
                )
            return CHUNKED
        if self._repeated & f.CONTENT_LENGTH:
            raise UpstreamError("response", "more than one Content-Length (RFC 9112 section 6.3)")
        length = (headers.get(b"content-length") or b"").strip(b" \t")
        if not length.isdigit() or len(length) > 18:
            raise UpstreamError("response", "Content-Length is not a number (RFC 9112 section 6.2)")
        return int(length)
