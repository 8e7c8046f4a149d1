"""An agent on the server says what it wants: in HAProxy's words, or by a LoadMaster's number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, field_validator

from pointsman.contracts import Probe, Surroundings, Verdict
from pointsman.contracts.health import DOWN, DRAIN, MAINTENANCE, READY
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption
from pointsman_healthcheck.http_answer import Answer, NotAnAnswer

_LONGEST = 1024  # bytes of what it says
_MOST_SHARE = 25600  # percent: 256 times the weight, as with HAProxy
_DOWN = {b"down", b"fail", b"failed", b"stopped"}
_STATES = {b"ready": READY, b"drain": DRAIN, b"maint": MAINTENANCE}
_NUMBER = re.compile(rb"[0-9]{1,3}")
_PERCENT = re.compile(rb"([0-9]{1,5})%")
_BUSY, _IS_DOWN, _IS_DISABLED = 100, 101, 102


class AgentSettings(TlsOption):
    """How the agent is asked. Its port is set by ``port``, as for every check."""

    protocol: Literal["tcp", "http"] = Field(
        default="tcp", description="tcp: it speaks and closes; http: it answers a GET"
    )
    send: str = Field(
        default="", description="text to send first, with protocol tcp", examples=["state\r\n"]
    )
    path: str = Field(
        default="/load", pattern=r"^/[\x21-\x7e]*$", description="of the GET, with protocol http"
    )
    least: int = Field(
        default=10, ge=0, le=100, description="percent that a busy server is left with"
    )

    @field_validator("send")
    @classmethod
    def _send_is_short(cls, send: str) -> str:
        if len(send) > _LONGEST:
            raise ValueError(f"send has at most {_LONGEST} characters")
        return send


@dataclass(frozen=True)
class AgentCheck(StreamCheck):
    """Reads one line per attempt."""

    http: bool
    send: bytes
    path: str
    least: int

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return self.with_tls(f"agent GET {self.path}" if self.http else "agent")

    def probe(self, server: RealServer) -> Probe:
        """One attempt."""
        if not self.http:
            return LineProbe(self.send, self.least)
        host = str(server.address) if server.address.host else "localhost"
        return LoadProbe(f"GET {self.path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode(), self.least)


class LineProbe:
    """One attempt (contracts.Probe): what comes up to the first line end, or the end, is read."""

    def __init__(self, send: bytes, least: int) -> None:
        self._send = send
        self._least = least
        self._got = b""

    def start(self) -> bytes:
        """Nothing, unless something was configured."""
        return self._send

    def receive(self, data: bytes) -> Verdict | None:
        """Read on to the end of the line."""
        self._got += data
        line, end, _ = self._got.replace(b"\r", b"\n").partition(b"\n")
        if end or len(line) > _LONGEST:
            return verdict_on(line[:_LONGEST], self._least)
        return None

    def closed(self) -> Verdict:
        """The end is as good as the end of the line."""
        return verdict_on(self._got, self._least)


class LoadProbe:
    """One attempt by HTTP (contracts.Probe)."""

    def __init__(self, request: bytes, least: int) -> None:
        self._request = request
        self._least = least
        self._answer = Answer(wanted=_LONGEST, bodiless=False)

    def start(self) -> bytes:
        """The request."""
        return self._request

    def receive(self, data: bytes) -> Verdict | None:
        """Read on to the end of the first line of the body."""
        answer = self._answer
        try:
            answer.feed(data)
        except NotAnAnswer as error:
            return Verdict(False, str(error))
        if answer.status and answer.status != 200:
            return Verdict(False, f"its agent answers {answer.status}", "an agent that answers 200")
        return self._judge() if answer.whole or b"\n" in answer.body else None

    def closed(self) -> Verdict:
        """The body may end like that, or was cut."""
        if self._answer.until_close:
            return self._judge()
        return Verdict(False, self._answer.cut_short())

    def _judge(self) -> Verdict:
        return verdict_on(self._answer.body.partition(b"\n")[0], self._least)


def verdict_on(line: bytes, least: int) -> Verdict:
    """What an agent's line means.

    Args:
        line: without its end.
        least: percent that is left to a server that says it is busy.
    """
    told = line.strip().partition(b"#")[0]
    words = told.lower().replace(b",", b" ").split()
    said = f"its agent says {shown(line.strip())}"
    if len(words) == 1 and _NUMBER.fullmatch(words[0]):
        return _by_load(int(words[0]), least, said)
    up, share, state, known = True, None, "", False
    for word in words:
        percent = _PERCENT.fullmatch(word)
        if percent is not None:
            share, known = min(int(percent[1]), _MOST_SHARE), True
        elif word in _STATES:
            state, known = _STATES[word], True
        elif word in _DOWN:
            up, state, known = False, DOWN, True
        elif word == b"up":
            known = True
    if not known:
        remedy = "a word such as up, down, drain, maint, ready or 75%, or a number from 0 to 102"
        return Verdict(False, f"not an agent: {shown(line)}", remedy)
    return Verdict(up, said, "" if up else "an agent that says up", share=share, admin=state)


def _by_load(load: int, least: int, said: str) -> Verdict:
    """A LoadMaster's number: how busy it is, 101 for down, 102 for out of service."""
    if load == _IS_DOWN:
        return Verdict(False, f"{said}: down", "a number from 0 to 100", admin=DOWN)
    if load == _IS_DISABLED:
        return Verdict(True, f"{said}: out of service", admin=MAINTENANCE)
    if load > _BUSY:
        return Verdict(False, f"{said}, which is over 102", "a number from 0 to 102")
    return Verdict(True, said, share=max(_BUSY - load, least), admin=READY)


def make(settings: AgentSettings, surroundings: Surroundings, /) -> AgentCheck:
    """The check that these settings describe."""
    return AgentCheck(
        encryption(settings.tls, surroundings),
        settings.protocol == "http",
        settings.send.encode(),
        settings.path,
        settings.least,
    )
