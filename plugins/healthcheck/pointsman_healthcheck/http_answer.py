"""Reads one HTTP/1 answer piece by piece, as far as a check needs it. No I/O, bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable

HEAD_LIMIT = 64 * 1024  # all heads together, 1xx ones included
CHUNK_LINE_LIMIT = 4096
_ENOUGH = 64  # bytes without a line end that are judged as if they were a line
_SHOWN = 40
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9][0-9])(?![0-9])")
_HEAD_END = re.compile(rb"\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class NotAnAnswer(Exception):
    """What came is no HTTP answer, or is over a limit; says what it is, in words."""


class Answer:
    """One answer, taken from bytes however they are split; 1xx answers before it are skipped.

    RFC 9112 sections 4 to 7. Lines may end in a bare LF (section 2.2): a check is no gatekeeper.

    Attributes:
        status: 100..999 once the whole head was read, 0 before.
        body: what was read of the body, at most ``wanted`` bytes.
        whole: nothing more is needed: the body ended, or ``wanted`` bytes of it are there.
        until_close: the body ends where the connection ends.
    """

    def __init__(self, *, wanted: int, bodiless: bool) -> None:
        """Begin before the first byte.

        Args:
            wanted: bytes of the body to read at most; 0 is done after the head.
            bodiless: whether the request was a HEAD, whose answer has no body whatever it says.
        """
        self.status = 0
        self.body = b""
        self.whole = False
        self.until_close = False
        self._wanted = wanted
        self._bodiless = bodiless
        self._buffer = bytearray()
        self._head_size = 0
        self._searched = 0  # bytes of the buffer in which no end of the head begins
        self._pending_status = 0
        self._length: int | None = None
        self._codings: list[bytes] = []
        self._left = 0  # of the body or the chunk
        self._step: Callable[[], bool] = self._head

    def feed(self, data: bytes) -> None:
        """Take in bytes. Raises NotAnAnswer; what comes after the whole answer is left alone."""
        self._buffer += data
        while not self.whole and self._step():
            pass

    def cut_short(self) -> str:
        """What it means, in words, that the connection ended here."""
        if self.status:
            return f"closed after {len(self.body)} bytes of an unfinished body"
        if self._pending_status:
            return f"closed in the middle of the head of a {self._pending_status} answer"
        if self._buffer:
            return f"not an HTTP answer: {bytes(self._buffer[:_SHOWN])!r}"
        return "closed without an answer"

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _head(self) -> bool:
        buffer = self._buffer
        if not self._pending_status:
            start = bytes(buffer[:_ENOUGH])
            if b"\n" not in start and len(start) < _ENOUGH:
                return False
            self._note_status(start)
        end = _HEAD_END.search(buffer, self._searched)
        self._head_size += end.end() if end else 0
        if self._head_size + (0 if end else len(buffer)) > HEAD_LIMIT:
            raise NotAnAnswer(f"its head is larger than {HEAD_LIMIT // 1024} KiB")
        if end is None:
            self._searched = max(0, len(buffer) - 2)  # an end may have begun in the last two bytes
            return False
        self._searched = 0
        self._head_ended(self._take(end.end()))
        return True

    def _note_status(self, start: bytes) -> None:
        found = _STATUS_LINE.match(start)
        if found is None:
            shown = start.partition(b"\n")[0].rstrip(b"\r")[:_SHOWN]
            raise NotAnAnswer(f"not an HTTP answer: {shown!r}")
        self._pending_status = int(found[1])

    def _head_ended(self, head: bytes) -> None:
        status = self._pending_status
        if 100 <= status < 200 and status != 101:  # after 101 nothing follows (RFC 9110, 15.2.2)
            self._pending_status = 0
            return
        self.status = status
        if self._wanted == 0 or self._bodiless or status in (101, 204, 304):
            self.whole = True
            return
        self._read_fields(head)
        if self._codings:
            # RFC 9112 section 6.3: Transfer-Encoding wins over Content-Length.
            self.until_close = self._codings[-1] != b"chunked"
            self._step = self._until_close if self.until_close else self._chunk_size
        elif self._length is not None:
            self._left = self._length
            self._step = self._counted
            self.whole = self._left == 0
        else:
            self.until_close = True
            self._step = self._until_close

    def _read_fields(self, head: bytes) -> None:
        for line in head.split(b"\n")[1:]:
            name, _, value = line.partition(b":")
            match name.strip().lower():
                case b"content-length":
                    self._note_length(value.strip())
                case b"transfer-encoding":
                    self._codings += [coding.strip().lower() for coding in value.split(b",")]

    def _note_length(self, value: bytes) -> None:
        # RFC 9112 section 6.3: lengths that differ or are no numbers leave no way to go on.
        if not value.isdigit() or len(value) > 18 or self._length not in (None, int(value)):
            raise NotAnAnswer(f"broken Content-Length {value[:_SHOWN]!r}")
        self._length = int(value)

    def _until_close(self) -> bool:
        self._keep(len(self._buffer))
        return False

    def _counted(self) -> bool:
        self._left -= self._keep(self._left)
        self.whole = self.whole or self._left == 0
        return False

    def _chunk_size(self) -> bool:
        end = self._buffer.find(b"\n")
        if (end if end >= 0 else len(self._buffer)) > CHUNK_LINE_LIMIT:
            raise NotAnAnswer("a chunk size line without an end")
        if end < 0:
            return False
        line = self._take(end + 1).rstrip(b"\r\n")
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise NotAnAnswer(f"broken chunk size {line[:_SHOWN]!r}")
        self._left = int(found[1], 16)
        self.whole = self._left == 0  # trailers say nothing about health
        self._step = self._chunk
        return True

    def _chunk(self) -> bool:
        self._left -= self._keep(self._left)
        if self._left == 0:
            self._step = self._chunk_end
        return self._left == 0

    def _chunk_end(self) -> bool:
        if self._buffer[:1] == b"\n":
            self._take(1)
        elif self._buffer[:2] == b"\r\n":
            self._take(2)
        elif len(self._buffer) < 2 and b"\r".startswith(self._buffer):
            return False
        else:
            raise NotAnAnswer("a chunk is longer than it said")
        self._step = self._chunk_size
        return True

    def _keep(self, count: int) -> int:
        """Move up to ``count`` bytes into the body; how many that were."""
        taken = self._take(min(count, self._wanted - len(self.body)))
        self.body += taken
        self.whole = len(self.body) == self._wanted
        return len(taken)
