"""A DNS check: one question, by UDP or TCP, and whether the answer to it is an accepted one."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pointsman.contracts import OverDatagrams, Probe, Settings, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, exactly
from pointsman_healthcheck.dns_message import TYPES, NotDns, Response, question, wire_name
from pointsman_healthcheck.setting_types import one_or_more

_SMALLEST = 12  # bytes of a message

RecordType = Literal["A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "SRV"]
Rcode = Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]


class DnsSettings(Settings):
    """What is asked, and which answer says that the server is up."""

    name: str = Field(
        default=".",
        description="the name that is asked for; . is the root",
        examples=["example.org"],
    )
    type: RecordType = Field(default="NS", description="the type of record that is asked for")
    protocol: Literal["udp", "tcp"] = Field(default="udp", description="how it is asked")
    accept: Annotated[list[Rcode], one_or_more(Rcode)] = Field(
        default=["NOERROR", "NXDOMAIN"], min_length=1, description="codes that mean: up"
    )
    answer: str = Field(
        default="",
        description="an IP address that must be among the answers",
        examples=["192.0.2.1"],
    )

    @field_validator("name")
    @classmethod
    def _name_is_one(cls, name: str) -> str:
        if not name.isascii():
            raise ValueError(f"name must be ASCII (xn-- for others), got {name!r}")
        wire_name(name)
        return name

    @field_validator("answer")
    @classmethod
    def _answer_is_an_address(cls, answer: str) -> str:
        return str(ipaddress.ip_address(answer)) if answer else ""


def _random() -> int:
    return secrets.randbelow(65536)


@dataclass(frozen=True)
class DnsCheck:
    """Asks one question per attempt."""

    name: str
    type: str
    tcp: bool
    accept: tuple[str, ...]
    answer: str
    number: Callable[[], int] = field(default=_random, compare=False, repr=False)

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"DNS {self.type} {self.name} by {'TCP' if self.tcp else 'UDP'}"

    def over(self, server: RealServer) -> OverDatagrams | None:
        """UDP, or a stream."""
        return None if self.tcp else OverDatagrams()

    def probe(self, server: RealServer) -> Probe:
        """One attempt."""
        number = self.number()
        asked = question(number, self.name, self.type)
        if self.tcp:
            return Dialogue(self._talk(number, asked))
        return DatagramProbe(self, number, asked)

    def _talk(self, number: int, asked: bytes) -> Talk:
        # RFC 1035 section 4.2.2: two bytes of length before each message.
        head = yield from exactly(2, len(asked).to_bytes(2) + asked)
        size = int.from_bytes(head)
        if size < _SMALLEST:
            return Verdict(False, f"not DNS: a message of {size} bytes")
        data = yield from exactly(size)
        return self.judge(number, data) or Verdict(False, "it answers another question")

    def judge(self, number: int, data: bytes) -> Verdict | None:
        """The verdict on a message; None if it is not the answer to our question."""
        try:
            response = Response(data)
        except NotDns as error:
            return Verdict(False, f"not DNS: {error}")
        if response.number != number or not response.is_response:
            return None
        rcode = response.rcode
        if rcode not in self.accept:
            accepted = ", ".join(self.accept)
            remedy = f"`accept: [{accepted}, {rcode}]`, or a name that it knows"
            return Verdict(False, f"{rcode} not among accepted {accepted}", remedy)
        if self.answer and self.answer not in response.addresses:
            found = ", ".join(response.addresses[:5]) or "none"
            remedy = f"an answer with {self.answer}"
            return Verdict(False, f"{rcode}, but {self.answer} is not among: {found}", remedy)
        return Verdict(True, f"{rcode}, {response.answers} answers")


class DatagramProbe:
    """One attempt by UDP (contracts.Probe)."""

    def __init__(self, check: DnsCheck, number: int, asked: bytes) -> None:
        self._check = check
        self._number = number
        self._asked = asked

    def start(self) -> bytes:
        """The question."""
        return self._asked

    def receive(self, data: bytes) -> Verdict | None:
        """One datagram; one that does not answer our question is passed over."""
        return self._check.judge(self._number, data)

    def closed(self) -> Verdict:
        """Never: nobody closes a datagram."""
        return Verdict(False, "closed without an answer")


def make(settings: DnsSettings, surroundings: Surroundings, /) -> DnsCheck:
    """The check that these settings describe."""
    assert settings.type in TYPES
    return DnsCheck(
        settings.name,
        settings.type,
        settings.protocol == "tcp",
        tuple(settings.accept),
        settings.answer,
    )
