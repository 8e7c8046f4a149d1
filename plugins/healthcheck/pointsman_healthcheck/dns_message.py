"""DNS messages as far as a check needs them (RFC 1035 section 4): a question, and its answer."""

from __future__ import annotations

import contextlib
import ipaddress
import struct
from collections.abc import Iterator

_HEAD = struct.Struct("!HHHHHH")
_AFTER_NAME = struct.Struct("!HHIH")
_RESPONSE = 0x8000
_RECURSION = 0x0100
_INTERNET = 1

TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_ADDRESS_SIZE = {1: 4, 28: 16}


class NotDns(Exception):
    """It is no DNS message; says why."""


def wire_name(name: str) -> bytes:
    """A name as it stands in a message; "." and "" are the root.

    Raises:
        ValueError: a label is empty or too long, or the name is.
    """
    plain = name.rstrip(".")
    wire = b""
    for label in plain.split(".") if plain else ():
        part = label.encode("ascii")
        if not 1 <= len(part) <= 63:
            raise ValueError(f"{name!r} has a label that is empty or longer than 63 characters")
        wire += bytes([len(part)]) + part
    if len(wire) > 254:
        raise ValueError(f"{name!r} is longer than a name may be")
    return wire + b"\0"


def question(number: int, name: str, kind: str) -> bytes:
    """A query for one name, recursion desired."""
    head = _HEAD.pack(number, _RECURSION, 1, 0, 0, 0)
    return head + wire_name(name) + struct.pack("!HH", TYPES[kind], _INTERNET)


class Response:
    """A response, taken apart.

    Attributes:
        number: which question it answers.
        is_response: whether it is one at all.
        rcode: such as "NOERROR".
        addresses: what A and AAAA records of its answer say.
        answers: how many records its answer has.

    Raises:
        NotDns: it is none.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEAD.size:
            raise NotDns(f"{len(data)} bytes are no DNS message")
        self.number, flags, questions, self.answers, _, _ = _HEAD.unpack_from(data)
        self.is_response = bool(flags & _RESPONSE)
        code = flags & 15
        self.rcode = RCODES[code] if code < len(RCODES) else f"RCODE{code}"
        found: list[str] = []
        # Cut off (TC), or broken: what could be read before is told.
        with contextlib.suppress(struct.error, IndexError):
            found.extend(_addresses(data, questions, self.answers))
        self.addresses = tuple(found)


def _addresses(data: bytes, questions: int, answers: int) -> Iterator[str]:
    at = _HEAD.size
    for _ in range(questions):
        at = _after_name(data, at) + 4
    for _ in range(answers):
        at = _after_name(data, at)
        kind, _, _, size = _AFTER_NAME.unpack_from(data, at)
        at += _AFTER_NAME.size
        if size == _ADDRESS_SIZE.get(kind) and at + size <= len(data):
            yield str(ipaddress.ip_address(data[at : at + size]))
        at += size


def _after_name(data: bytes, at: int) -> int:
    while True:
        size = data[at]
        if size >= 0xC0:  # a pointer ends it (section 4.1.4)
            return at + 2
        at += 1 + size
        if not size:
            return at
