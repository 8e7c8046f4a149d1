"""Bytes become request heads: llhttp's grammar, and RFC 9112 where that is stricter."""

from __future__ import annotations

import re

import httptools

from pointsman.core.http1 import fields as f
from pointsman.model.errors import ClientError
from pointsman.model.headers import Field, Headers
from pointsman.model.message import CHUNKED, RequestHead
from pointsman.model.service import Limits

# RFC 3986 section 3.2.2 and 3.2.3: a registered name or IPv4 address, or an IP literal; a port.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"[^ \r\n]+ [^ \r\n]+ HTTP/([0-9])\.([0-9])\r\n")
_MOST_HOSTS = 1024


class RequestReader:
    """Reads the request heads of one client connection, one at a time.

    The whole head is given to llhttp at once and never the body, so that what follows a head
    (a body, a pipelined request, the bytes of a tunnel) stays in the caller's hands.

    Args:
        limits: sizes of line and head, number of fields.
        bits: shared memory of field names.
        hosts: shared memory of Host values that were found valid.

    Attributes:
        end: after a head was read, the offset in the data at which it ended.
    """

    __slots__ = (
        "_bits",
        "_fields",
        "_hosts",
        "_limits",
        "_parser",
        "_repeated",
        "_seen",
        "_target",
        "end",
    )

    def __init__(self, limits: Limits, bits: f.FieldBits, hosts: set[bytes]) -> None:
        self._limits = limits
        self._bits = bits
        self._hosts = hosts
        self._parser: httptools.HttpRequestParser | None = None
        self._fields: list[Field] = []
        self._seen = 0
        self._repeated = 0
        self._target = b""
        self.end = 0

    # ---- what llhttp calls ----

    def on_url(self, url: bytes) -> None:
        """The request target."""
        self._target = url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field."""
        self._fields.append((name, value))
        bit = self._bits[name]
        if bit:
            self._repeated |= self._seen & bit
            self._seen |= bit

    # ---- what the connection calls ----

    def read(self, data: bytes) -> RequestHead | None:
        """The head at the start of ``data``, or None if its end has not come yet.

        Raises:
            ClientError: 400, 414, 431, 501 or 505; the connection cannot be used any more.
        """
        if data[0] == 13:  # RFC 9112 section 2.2: an empty line before the request line is ignored
            return self._after_empty_line(data)
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._check_unfinished(data)
            return None
        self.end = end = end + 4
        self._fields = fields = []
        self._seen = self._repeated = 0
        self._target = b""
        method = self._parse(data if end == len(data) else data[:end])
        target = self._target
        line = b"%b %b HTTP/1.1\r\n" % (method, target)
        minor = 1
        if not data.startswith(line):
            minor = 0
            line = b"%b %b HTTP/1.0\r\n" % (method, target)
            if not data.startswith(line):
                raise _bad_line(data)
        limits = self._limits
        if end > limits.header_bytes > 0 or len(fields) > limits.header_count > 0:
            raise ClientError(431, "request header fields are too large or too many")
        if len(line) > limits.request_line > 0:
            raise ClientError(414, "request line is too long")
        head = RequestHead(
            method, target, Headers.wrap(fields, data[len(line) : end - 2]), minor=minor
        )
        head.marks = seen = self._seen
        self._judge_host(head)
        if seen & ~(f.HOST | f.ABOUT_CLIENT | f.VIA):
            self._judge_framing(head)
        elif minor == 0:
            head.keep_alive = False
        return head

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

    def _parse(self, head: bytes) -> bytes:
        """Feed one whole head to llhttp; the method."""
        parser = self._parser
        if parser is None:
            parser = self._parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self._parser = None  # llhttp stops for good at an upgrade; we decide about it elsewhere
        except httptools.HttpParserInvalidMethodError:
            self._parser = None
            return self._parse_unknown_method(head)
        except httptools.HttpParserError as error:
            self._parser = None
            raise ClientError(400, f"malformed request: {error}") from None
        return parser.get_method()  # type: ignore[no-any-return]

    def _parse_unknown_method(self, head: bytes) -> bytes:
        """llhttp knows a fixed list of methods; any token is one (RFC 9110 section 9.1)."""
        method, _, rest = head.partition(b" ")
        if not _METHOD.fullmatch(method):
            raise ClientError(400, "malformed request: the method is not a token")
        self._fields.clear()
        self._seen = self._repeated = 0
        if len(method) > self._limits.request_line > 0:
            raise ClientError(501, "unknown method")
        if self._parse(b"POST " + rest) != b"POST":
            raise ClientError(400, "malformed request line")
        self._parser = None
        return method

    def _check_unfinished(self, data: bytes) -> None:
        limits = self._limits
        line_end = data.find(b"\r\n")
        if (
            line_end if line_end >= 0 else len(data)
        ) > limits.request_line - 2 and limits.request_line:
            raise ClientError(414, "request line is too long")
        if len(data) > limits.header_bytes > 0:
            raise ClientError(431, "request header fields are too large")
        # A bare LF never ends a line here, so such a head would wait for its end in vain.
        if b"\n\n" in data or b"\n\r\n" in data.replace(b"\r\n", b""):
            raise ClientError(400, "lines must end with CRLF (RFC 9112 section 2.2)")
        if line_end < 0 and b"\n" in data:
            raise ClientError(400, "lines must end with CRLF (RFC 9112 section 2.2)")

    def _judge_host(self, head: RequestHead) -> None:
        """Exactly one valid Host (RFC 9112 section 3.2); the target's authority beats it."""
        if self._repeated & f.HOST:
            raise ClientError(400, "more than one Host (RFC 9112 section 3.2)")
        if self._seen & f.HOST:
            host = head.headers.get(b"host", b"")
            if host not in self._hosts:
                host = self._checked_host(host)
            head.host = host
        elif head.minor:
            raise ClientError(400, "no Host (RFC 9112 section 3.2)")
        if head.target[0] != 47:
            self._judge_target(head)
        elif b"#" in head.target:
            raise ClientError(400, "a request target has no fragment (RFC 9112 section 3.2.1)")

    def _checked_host(self, host: bytes | None) -> bytes:
        host = (host or b"").rstrip(b" \t")
        if not _HOST.fullmatch(host):
            raise ClientError(400, "Host is not a host and port (RFC 9112 section 3.2)")
        if len(self._hosts) < _MOST_HOSTS:
            self._hosts.add(host)
        return host

    def _judge_target(self, head: RequestHead) -> None:
        """Every form but origin-form (RFC 9112 sections 3.2.2 to 3.2.4)."""
        target = head.target
        if head.method == b"CONNECT":
            if b":" not in target or not _HOST.fullmatch(target):
                raise ClientError(400, "CONNECT wants host:port (RFC 9112 section 3.2.3)")
            return
        if target == b"*":
            if head.method != b"OPTIONS":
                raise ClientError(400, "only OPTIONS may ask for * (RFC 9112 section 3.2.4)")
            return
        scheme, _, rest = target.partition(b"://")
        authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
        if (
            scheme.lower() not in (b"http", b"https")
            or b"#" in target
            or not _HOST.fullmatch(authority)
        ):
            raise ClientError(400, "the request target is in no form of RFC 9112 section 3.2")
        origin = rest[len(authority) :]
        head.host = authority
        head.target = origin if origin.startswith(b"/") else b"/" + origin
        if self._seen & f.HOST:
            head.headers.set(b"Host", authority)  # RFC 9112 section 3.2.2: Host is replaced
        else:
            head.headers.add(b"Host", authority)

    def _judge_framing(self, head: RequestHead) -> None:
        """Length, connection and expectation, for requests that say anything of them."""
        seen = self._seen
        headers = head.headers
        if seen & (f.CONTENT_LENGTH | f.TRANSFER_ENCODING):
            head.body_length = self._body_length(head)
            if head.body_length:
                self._parser = None  # llhttp now waits for a body that it will not be given
        options = f.tokens(headers.get_all(b"connection")) if seen & f.CONNECTION else []
        # RFC 9112 section 9.3; an HTTP/1.0 client has to ask for it.
        head.keep_alive = b"close" not in options and (head.minor == 1 or b"keep-alive" in options)
        head.options = tuple(option for option in options if option not in _USUAL_OPTIONS)
        if seen & f.UPGRADE and b"upgrade" in options and head.minor:
            head.upgrade = headers.get(b"upgrade") or b""
        if seen & f.EXPECT and head.minor:
            if (headers.get(b"expect") or b"").strip().lower() != b"100-continue":
                raise ClientError(
                    417, "only 100-continue can be expected (RFC 9110 section 10.1.1)"
                )
            head.expects_continue = True

    def _body_length(self, head: RequestHead) -> int:
        seen = self._seen
        if seen & f.TRANSFER_ENCODING:
            if seen & f.CONTENT_LENGTH:
                raise ClientError(
                    400, "Content-Length beside Transfer-Encoding (RFC 9112 section 6.1)"
                )
            if head.minor == 0:
                raise ClientError(400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 section 6.1)")
            codings = head.headers.get_all(b"transfer-encoding")
            if len(codings) != 1 or codings[0].strip(b" \t").lower() != b"chunked":
                status = 501 if f.tokens(codings)[-1:] == [b"chunked"] else 400
                raise ClientError(
                    status, "the only transfer coding here is chunked (RFC 9112 section 6.1)"
                )
            return CHUNKED
        if self._repeated & f.CONTENT_LENGTH:
            raise ClientError(400, "more than one Content-Length (RFC 9112 section 6.3)")
        length = (head.headers.get(b"content-length") or b"").strip(b" \t")
        if not length.isdigit() or len(length) > 18:
            raise ClientError(400, "Content-Length is not a number (RFC 9112 section 6.2)")
        return int(length)


_USUAL_OPTIONS = frozenset((b"close", b"keep-alive", b"upgrade", b"te"))


def _bad_line(data: bytes) -> ClientError:
    version = _VERSION.match(data)
    if version and version[1] != b"1":
        return ClientError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return ClientError(400, "malformed request line (RFC 9112 section 3)")
