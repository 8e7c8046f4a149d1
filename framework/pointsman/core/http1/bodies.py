"""Bodies of HTTP/1 messages: where they end and how they are framed (RFC 9112, 6 and 7)."""

from __future__ import annotations

import re
from typing import Final, Protocol

from pointsman.core.http1.fields import FORBIDDEN_TRAILERS, folded
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, UNTIL_CLOSE

# A chunk size of 16 hex digits is 2**64; longer ones are only ever sent to confuse parsers.
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LONGEST_CHUNK_LINE: Final = 1024
_TRAILER: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)\r\n"
)
_LONGEST_TRAILERS: Final = 16384


# A read of this size whose payload is less than half of it is made to cost much.
_MUCH: Final = 16 * 1024


def is_costly(data: bytes, payload: bytes) -> bool:
    """Whether reading a body was far more work than it was worth: a chunk for every byte, say."""
    size = len(data)
    return size >= _MUCH and len(payload) * 2 < size


class BodyError(ValueError):
    """The framing of a body is broken; it cannot be known where it ends."""


class Body(Protocol):
    """A body being read.

    Attributes:
        ended: its last byte was seen.
        rest: once ended, the bytes fed that were not its own.
        trailers: once ended, fields after a chunked body.
    """

    ended: bool
    rest: bytes
    trailers: list[Field]

    def feed(self, data: bytes) -> bytes:
        """The payload in ``data``, may be empty. Raises BodyError for broken framing."""


class LengthBody:
    """A body of known length."""

    __slots__ = ("_left", "ended", "rest", "trailers")

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.rest = b""
        self.trailers: list[Field] = []

    def feed(self, data: bytes) -> bytes:
        """The payload in ``data``."""
        left = self._left = self._left - len(data)
        if left > 0:
            return data
        self.ended = True
        if left == 0:
            return data
        self.rest = data[left:]
        self._left = 0
        return data[:left]


class UntilCloseBody:
    """A body that ends with the connection; its owner sets ``ended``."""

    __slots__ = ("ended", "rest", "trailers")

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self.trailers: list[Field] = []

    def feed(self, data: bytes) -> bytes:
        """All of it."""
        return data


class ChunkedBody:
    """The chunked transfer coding, read strictly: what is odd is an error, not a guess.

    Chunk extensions are read over and dropped (RFC 9112 section 7.1.1).
    """

    __slots__ = ("_buffer", "_left", "_state", "ended", "rest", "trailers")

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0
        self._state = self._read_size_line
        self.ended = False
        self.rest = b""
        self.trailers: list[Field] = []

    def feed(self, data: bytes) -> bytes:
        """The payload of all chunks in ``data``, joined."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        payload: list[bytes] = []
        place = 0
        while not self.ended:
            after = self._state(data, place, payload)
            if after < 0:
                self._buffer = data[place:]
                break
            place = after
        else:
            self.rest = data[place:]
        return payload[0] if len(payload) == 1 else b"".join(payload)

    # Each state reads at ``place`` and returns the place after it, or -1 if more bytes are needed.

    def _read_size_line(self, data: bytes, place: int, payload: list[bytes]) -> int:
        line = _CHUNK_LINE.match(data, place)
        if line is None:
            part = data[place : place + _LONGEST_CHUNK_LINE + 1]
            if b"\n" in part or len(part) > _LONGEST_CHUNK_LINE or not _may_become_size(part):
                raise BodyError("malformed chunk size (RFC 9112 section 7.1)")
            return -1
        if line.end() - place > _LONGEST_CHUNK_LINE:
            raise BodyError("chunk extension is too long")
        self._left = int(line[1], 16)
        self._state = self._read_data if self._left else self._read_trailers
        return line.end()

    def _read_data(self, data: bytes, place: int, payload: list[bytes]) -> int:
        if place == len(data):
            return -1
        part = data[place : place + self._left] if place or len(data) > self._left else data
        payload.append(part)
        self._left -= len(part)
        if self._left == 0:
            self._state = self._read_data_end
        return place + len(part)

    def _read_data_end(self, data: bytes, place: int, payload: list[bytes]) -> int:
        end = data[place : place + 2]
        if not b"\r\n".startswith(end):
            raise BodyError("chunk data does not end with CRLF (RFC 9112 section 7.1)")
        if len(end) < 2:
            return -1
        self._state = self._read_size_line
        return place + 2

    def _read_trailers(self, data: bytes, place: int, payload: list[bytes]) -> int:
        if data.startswith(b"\r\n", place):
            self.ended = True
            return place + 2
        end = data.find(b"\r\n\r\n", place)
        if end < 0:
            if len(data) - place > _LONGEST_TRAILERS:
                raise BodyError("trailer section is too large")
            if b"\n" in data[place:].replace(b"\r\n", b""):
                raise BodyError("malformed trailer section (RFC 9112 section 7.1.2)")
            return -1
        if end - place > _LONGEST_TRAILERS:
            raise BodyError("trailer section is too large")
        self.trailers = _read_trailer_fields(data[place : end + 2])
        self.ended = True
        return end + 4


def _may_become_size(part: bytes) -> bool:
    digits = part.partition(b";")[0].rstrip(b" \t\r")
    return (
        len(digits) <= 15
        and (not digits or re.fullmatch(rb"[0-9A-Fa-f]+", digits) is not None)
        and (bool(digits) or not part)
    )


def _read_trailer_fields(section: bytes) -> list[Field]:
    fields: list[Field] = []
    place = 0
    while place < len(section):
        line = _TRAILER.match(section, place)
        if line is None:
            raise BodyError("malformed trailer field (RFC 9112 section 7.1.2)")
        fields.append((line[1], line[2].rstrip(b" \t")))
        place = line.end()
    if any(folded(name) in FORBIDDEN_TRAILERS for name, _ in fields):
        return []  # dropped as a whole: half a trailer section may mean something else
    return fields


def body_of(length: int) -> Body:
    """The reader for a body length as heads give it: a number, CHUNKED or UNTIL_CLOSE."""
    if length == CHUNKED:
        return ChunkedBody()
    return UntilCloseBody() if length == UNTIL_CLOSE else LengthBody(length)


def chunk(data: bytes) -> bytes:
    """``data`` (not empty) as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: list[Field]) -> bytes:
    """The end of a chunked body."""
    if not trailers:
        return b"0\r\n\r\n"
    return b"0\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % field for field in trailers])
