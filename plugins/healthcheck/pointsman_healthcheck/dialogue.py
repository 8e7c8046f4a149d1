"""Probes as dialogues: what is said and what is waited for, in the order in which it happens."""

from __future__ import annotations

import re
from collections.abc import Generator

from pointsman.contracts import Verdict

LINE_LIMIT = 4096
REPLY_LIMIT = 100  # lines of one reply
SHOWN = 60
_CODE = re.compile(rb"[1-5][0-9][0-9]")

# A dialogue yields what to send (b"" for nothing) and how many bytes it waits for, LINE for a line
# of text, SOME for whatever comes; it is given these, and returns its verdict.
LINE = 0
SOME = -1
Talk = Generator[tuple[bytes, int], bytes, Verdict]
Reply = Generator[tuple[bytes, int], bytes, bytes]


class Dialogue:
    """A probe (contracts.Probe) that runs a dialogue, however the bytes are split."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._buffer = bytearray()
        self._need = LINE
        self._heard = b""

    def start(self) -> bytes:
        """What it says first."""
        sent, self._need = next(self._talk)
        return sent

    def receive(self, data: bytes) -> Verdict | bytes | None:
        """Go on with what came."""
        self._buffer += data
        if len(self._heard) < SHOWN:
            self._heard += data[:SHOWN]
        while True:
            piece = self._take()
            if piece is None:
                if self._need == LINE and len(self._buffer) > LINE_LIMIT:
                    return Verdict(False, f"a line without an end: {shown(bytes(self._buffer))}")
                return None
            try:
                sent, self._need = self._talk.send(piece)
            except StopIteration as end:
                verdict: Verdict = end.value
                return verdict
            if sent:
                return sent

    def closed(self) -> Verdict:
        """The server closed in the middle of it."""
        if not self._heard:
            return Verdict(False, "closed without an answer")
        return Verdict(False, f"closed too early, after {shown(self._heard)}")

    def _take(self) -> bytes | None:
        buffer, need = self._buffer, self._need
        if need == LINE:
            end = buffer.find(b"\n", 0, LINE_LIMIT + 1)
            if end < 0:
                return None
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            return line.removesuffix(b"\r")
        if need == SOME:
            need = len(buffer)
        if not need or len(buffer) < need:
            return None
        piece = bytes(buffer[:need])
        del buffer[:need]
        return piece


def shown(data: bytes) -> str:
    """The beginning of what a server said, for people."""
    text = data[:SHOWN]
    return repr(text)[1:]  # without the b


def exactly(size: int, say: bytes = b"") -> Reply:
    """Say something, and hear that many bytes (0 hears nothing and says nothing)."""
    if size <= 0:
        return b""
    return (yield say, size)


def line(say: bytes = b"") -> Reply:
    """Say something, and hear a line."""
    return (yield say, LINE)


def coded_reply(say: bytes = b"") -> Generator[tuple[bytes, int], bytes, tuple[int, bytes]]:
    """Say something, and hear a reply that begins with three digits, on one or more lines.

    RFC 5321 section 4.2, RFC 959 section 4.2. Returns its code and its last line; 0 if it is none.
    """
    heard = yield from line(say)
    code = heard[:3]
    if not _CODE.fullmatch(code) or heard[3:4] not in (b"", b" ", b"-"):
        return 0, heard
    lines = 1
    # Between the first and the last line of a reply to FTP there may be anything.
    while heard[:3] != code or heard[3:4] == b"-":
        if lines == REPLY_LIMIT:
            return 0, heard
        lines += 1
        heard = yield from line()
    return int(code), heard
