"""What must not be shown in logs: values of query parameters and cookies by name, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

REDACTED = b"REDACTED"

_PARAMETER = re.compile(rb"([?&;])([^=&;#]*)=([^&;#]*)")
_CREDENTIALS = frozenset({b"authorization", b"proxy-authorization"})


class Redaction:
    """Takes values out of targets and header fields. Names are compared without regard to case.

    Args:
        query: names of query parameters.
        cookies: names of cookies.
    """

    __slots__ = ("_cookies", "_query")

    def __init__(self, query: Iterable[str] = (), cookies: Iterable[str] = ()) -> None:
        self._query = frozenset(name.lower().encode() for name in query)
        self._cookies = frozenset(name.lower().encode() for name in cookies)

    def target(self, target: bytes) -> bytes:
        """A request target or URL without the values of these query parameters.

        A name that is written with percent signs is the same name (RFC 3986 section 2.3).
        """
        return _PARAMETER.sub(self._parameter, target) if self._query else target

    def cookies(self, value: bytes) -> bytes:
        """A Cookie field without the values of these cookies (RFC 6265 section 4.2)."""
        if not self._cookies:
            return value
        return b";".join(self._cookie(pair) for pair in value.split(b";"))

    def header(self, name: bytes, value: bytes) -> bytes:
        """The value of a request header as it may be shown.

        Of credentials only the scheme is, whatever was configured (RFC 9110 section 11.6.2).

        Args:
            name: in lower case.
            value: as it came.
        """
        if name == b"cookie":
            return self.cookies(value)
        if name == b"referer":
            return self.target(value)
        if name in _CREDENTIALS:
            return b"%b %b" % (value.split(b" ")[0], REDACTED) if b" " in value else REDACTED
        return value

    def _parameter(self, found: re.Match[bytes]) -> bytes:
        mark, name, _ = found.groups()
        if unquote_to_bytes(name.replace(b"+", b" ")).lower() in self._query:
            return b"%b%b=%b" % (mark, name, REDACTED)
        return found[0]

    def _cookie(self, pair: bytes) -> bytes:
        name, equals, _ = pair.partition(b"=")
        if equals and name.strip().lower() in self._cookies:
            return b"%b=%b" % (name, REDACTED)
        return pair
