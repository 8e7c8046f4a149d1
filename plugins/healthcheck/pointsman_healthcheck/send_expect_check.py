"""A check of any protocol: bytes to send and bytes to expect, as text or in hexadecimal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pointsman.contracts import (
    Misfit,
    OverDatagrams,
    OverTls,
    Settings,
    Surroundings,
    Verdict,
)
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption
from pointsman_healthcheck.setting_types import Pattern

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_MOST = 64 * 1024


def _is_hex(text: str) -> str:
    plain = re.sub(r"[\s:]", "", text)
    if not _HEX.fullmatch(plain):
        raise ValueError(f"expected pairs of hexadecimal digits, like 0d0a, got {text!r}")
    return plain.lower()


class TurnSettings(Settings):
    """One thing to send, and what is expected in answer to it."""

    send: str = Field(
        default="",
        description="text to send, as UTF-8; \\r\\n in double quotes",
        examples=["PING\r\n"],
    )
    send_hex: str = Field(default="", description="the same in hexadecimal", examples=["0d0a"])
    expect: str = Field(default="", description="text that must come", examples=["+PONG"])
    expect_hex: str = Field(default="", description="the same in hexadecimal", examples=["2b"])
    match: Pattern = Field(
        default="",
        description="regular expression that must be found in what comes",
        examples=["^2[0-9][0-9] "],
    )
    within: int = Field(default=8000, ge=1, le=_MOST, description="bytes in which it must be found")

    @field_validator("send_hex", "expect_hex")
    @classmethod
    def _hex_is_hex(cls, text: str) -> str:
        return _is_hex(text)

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if self.send and self.send_hex:
            raise ValueError("`send` and `send_hex` exclude each other")
        given = [key for key in ("expect", "expect_hex", "match") if getattr(self, key)]
        if len(given) > 1:
            raise ValueError(f"`{given[0]}` and `{given[1]}` exclude each other")
        return self


class SendExpectSettings(TurnSettings, TlsOption):
    """What is said, in one turn or in several."""

    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="by which it is sent")
    then: list[TurnSettings] = Field(
        default_factory=list,
        description="further turns, with the same keys",
        examples=[[{"send": "QUIT\r\n", "expect": "+OK"}]],
    )


@dataclass(frozen=True)
class Turn:
    """One turn of the dialogue.

    Attributes:
        send: bytes to send first.
        expect: what must come, None for anything.
        literal: the bytes that ``expect`` finds, for people; None if it is a real pattern.
        within: bytes in which it must be found.
    """

    send: bytes
    expect: re.Pattern[bytes] | None
    literal: bytes | None
    within: int


@dataclass(frozen=True)
class SendExpectCheck(StreamCheck):
    """Says one thing after another, as long as what is expected comes."""

    turns: tuple[Turn, ...]
    udp: bool

    @property
    def describes(self) -> str:
        """The check in a few words."""
        first = self.turns[0]
        words = f"send {shown(first.send)}" if first.send else "listen"
        if first.expect is not None:
            words += f", expect {_wanted(first)}"
        if len(self.turns) > 1:
            words += f", and {len(self.turns) - 1} more"
        return self.with_tls(words + (" by UDP" if self.udp else ""))

    def over(self, server: RealServer) -> OverTls | OverDatagrams | None:  # type: ignore[override]
        """UDP, or a stream."""
        return OverDatagrams() if self.udp else super().over(server)

    def probe(self, server: RealServer) -> SendExpectProbe:
        """One attempt."""
        return SendExpectProbe(self.turns)


class SendExpectProbe:
    """One attempt (contracts.Probe)."""

    def __init__(self, turns: tuple[Turn, ...]) -> None:
        self._turns = turns
        self._turn = 0
        self._got = b""

    def start(self) -> bytes:
        """What is sent first."""
        return self._turns[0].send

    def receive(self, data: bytes) -> Verdict | bytes | None:
        """Look for what is expected; what comes behind it belongs to the next turn."""
        self._got += data
        while True:
            turn = self._turns[self._turn]
            end = self._found(turn)
            if end < 0:
                if len(self._got) >= turn.within:
                    return self._missed(turn)
                return None
            if self._turn == len(self._turns) - 1:
                return Verdict(True, f"{_wanted(turn)} came")
            self._got = self._got[end:]
            self._turn += 1
            send = self._turns[self._turn].send
            if send:
                return send

    def closed(self) -> Verdict:
        """The server closed before it came."""
        turn = self._turns[self._turn]
        if not self._got:
            return Verdict(False, f"closed before {_wanted(turn)} came", _remedy(turn))
        return self._missed(turn, "closed, and ")

    def _found(self, turn: Turn) -> int:
        """Where what is expected ends; -1 if it is not there yet."""
        window = self._got[: turn.within]
        if turn.expect is None:
            return len(window) or -1
        found = turn.expect.search(window)
        return found.end() if found is not None else -1

    def _missed(self, turn: Turn, how: str = "") -> Verdict:
        words = f"{how}{_wanted(turn)} is not in what came: {shown(self._got[: turn.within])}"
        return Verdict(False, words, _remedy(turn))


def _wanted(turn: Turn) -> str:
    if turn.expect is None:
        return "anything"
    if turn.literal is None:
        return f"/{turn.expect.pattern.decode()}/"
    return shown(turn.literal)


def _remedy(turn: Turn) -> str:
    return f"{_wanted(turn)} within the first {turn.within} bytes"


def _turn(settings: TurnSettings) -> Turn:
    literal = settings.expect.encode() or bytes.fromhex(settings.expect_hex) or None
    expect = None
    if literal is not None:
        expect = re.compile(re.escape(literal))
    elif settings.match:
        expect = re.compile(settings.match.encode())
    send = settings.send.encode() or bytes.fromhex(settings.send_hex)
    return Turn(send, expect, literal, settings.within)


def make(settings: SendExpectSettings, surroundings: Surroundings, /) -> SendExpectCheck:
    """The check that these settings describe."""
    udp = settings.protocol == "udp"
    if udp and settings.tls:
        raise Misfit("there is no TLS over UDP here", "use `protocol: tcp`", ("tls",))
    first: Any = settings
    turns = tuple(_turn(each) for each in (first, *settings.then))
    for place, turn in enumerate(turns[:-1]):
        if turn.expect is None:
            at = ("then", place - 1) if place else ()
            message = "a turn that another one follows must expect something"
            raise Misfit(message, "join what is sent, or set `expect`", at)
    if udp and not turns[0].send:
        raise Misfit("a server is not asked by UDP unless something is sent", at=("protocol",))
    return SendExpectCheck(encryption(settings.tls, surroundings), turns, udp)
