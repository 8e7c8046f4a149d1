"""Field lines, judged once and remembered: what a line means to a proxy, or that it is malformed.

Clients and servers send the same lines again and again: their names, what they accept, what
they serve. A line that was found well-formed is remembered as a whole, so that a head costs one
look-up a line; only a new line is matched against the grammar (decisions/0002).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.model.message import CLOSE, KEEP_ALIVE, UPGRADE, Mark

# RFC 9110 sections 5.1 and 5.5: a token, a colon at once, and a value of visible characters,
# blanks, tabs and obs-text. No CR, LF, NUL or other control character, no folding. Possessive,
# or a long line of blanks with an error at its end would be tried in every division (40 seconds).
_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)")
# RFC 3986 sections 3.2.2 and 3.2.3: a registered name or IPv4 address, or an IPv6 literal; a port.
# No comma, although a registered name may hold one: some servers take "a, b" for two Hosts.
_HOST: Final = re.compile(
    rb"(?:(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})++|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{0,5}))?"
)
# RFC 9112 section 4; the blank before an empty reason phrase is often forgotten.
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
# So many lines are remembered, of this length at most; then memory is begun anew.
_MOST_LINES: Final = 4096
_LONGEST_LINE: Final = 256
_CONNECTION_BITS: Final = {
    b"close": CLOSE,
    b"keep-alive": KEEP_ALIVE,
    b"upgrade": UPGRADE,
    b"te": 0,
}


class MalformedLine(ValueError):
    """A field line that no grammar allows; the message says why and where that is written."""


class StatusLines(dict[bytes, tuple[int, bytes, int]]):
    """Status, reason phrase and minor version of a status line. Raises MalformedLine."""

    def __missing__(self, line: bytes) -> tuple[int, bytes, int]:
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise MalformedLine("the answer is not HTTP/1.0 or HTTP/1.1")
        minor, status, reason = match.groups(b"")
        parts = int(status), reason, int(minor)
        if len(self) < _MOST_LINES and len(line) <= _LONGEST_LINE:
            self[line] = parts
        return parts


class FieldLines(dict[bytes, Mark | None]):
    """The mark of a field line, None for ordinary fields. Raises MalformedLine.

    Attributes:
        statuses: the same for status lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self.statuses = StatusLines()

    def __missing__(self, line: bytes) -> Mark | None:
        match = _LINE.fullmatch(line)
        if match is None:
            raise MalformedLine(_complaint(line))
        name = match[1].lower()
        bit = f.bit_of(name)
        mark = _mark(bit, line, match[2].rstrip(b" \t")) if bit else None
        # Secrets are not kept: how fast a line is judged must not tell who else has sent it.
        if len(line) <= _LONGEST_LINE and name not in f.SECRETS:
            if len(self) >= _MOST_LINES:
                self.clear()
            self[line] = mark
        return mark


def is_authority(text: bytes) -> bool:
    """Whether this is a host with an optional port (RFC 9110 section 7.2)."""
    match = _HOST.fullmatch(text)
    if match is None or int(match[2] or 0) > 65535:
        return False
    if match[1]:
        try:
            ipaddress.IPv6Address(match[1].decode("ascii"))
        except ValueError:
            return False
    return True


def _mark(bit: int, line: bytes, value: bytes) -> Mark:
    if bit == f.CONTENT_LENGTH:
        # RFC 9110 section 8.6: digits only; 18 of them are more than any body has.
        if not (value.isdigit() and len(value) <= 18):
            raise MalformedLine("Content-Length is not a number (RFC 9110 section 8.6)")
        return Mark(bit, line, value, int(value))
    if bit == f.HOST and not is_authority(value):
        raise MalformedLine("Host is not a host and port (RFC 9110 section 7.2)")
    if bit == f.CONNECTION:
        options = f.tokens([value])
        number = 0
        for option in options:
            number |= _CONNECTION_BITS.get(option, 0)
        others = tuple(option for option in options if option not in _CONNECTION_BITS)
        return Mark(bit, line, value, number, others)
    return Mark(bit, line, value)


def _complaint(line: bytes) -> str:
    if line[:1] in (b" ", b"\t"):
        return "a field line is folded (RFC 9112 section 5.2)"
    if b"\r" in line or b"\n" in line:
        return "lines must end with CRLF (RFC 9112 section 2.2)"
    name, colon, _ = line.partition(b":")
    if colon and name[-1:] in (b" ", b"\t"):
        return "white space before the colon of a field (RFC 9112 section 5.1)"
    return "malformed field line (RFC 9110 section 5.1)"
