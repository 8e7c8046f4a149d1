"""Persistences on their own: pools of real members, clients with cookies, answers that set some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pointsman_persistence
from kit.arrivals import Visit
from pointsman.contracts import Persistence, Surroundings, Table
from pointsman.model.address import Address
from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer

SERVERS = [
    RealServer(name, Address(f"10.0.0.{number}", 3389)) for number, name in enumerate("abc", 1)
]


def made_table(kind: str, options: Mapping[str, Any]) -> Table:
    """As the framework does it: look the kind up, check its options, make it."""
    offer = pointsman_persistence.tables()[kind or "memory"]
    table: Table = offer.make(offer.settings.model_validate(dict(options)), Surroundings())
    return table


def made(kind: str, mode: str = "http", **options: Any) -> Persistence:
    """A persistence in the box, with these options, that knows the members a, b and c."""
    offer = pointsman_persistence.persistences()[kind]
    settings = offer.settings.model_validate(options)
    persistence: Persistence = offer.make(settings, Surroundings("pool", mode, made_table))
    persistence.keep(SERVERS)
    return persistence


def asking(
    *lines: bytes, target: bytes = b"/", ip: str = "192.0.2.1", secure: bool = False
) -> Visit:
    """A request with these field lines, as the codec makes it: nothing taken apart."""
    wire = b"".join(line + b"\r\n" for line in (b"Host: example.org", *lines))
    facts = ConnectionFacts(ip, 40000, "192.0.2.100", 80, secure)
    head = RequestHead(b"GET", target, host=b"example.org", wire=wire)
    return Visit(ip, facts, head)


def answering(*lines: bytes, status: int = 200) -> ResponseHead:
    """An answer with these field lines, likewise."""
    return ResponseHead(status, wire=b"".join(line + b"\r\n" for line in lines))
