"""Arrivals and candidates for tests of schedulers and persistences, made in one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pointsman.model.connection import ConnectionFacts
from pointsman.model.headers import Field, Headers
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer


@dataclass(slots=True)
class Visit:
    """An arrival (`contracts.Arrival`)."""

    client_ip: str
    connection: ConnectionFacts
    request: RequestHead | None
    kept: object = None
    memory: dict[object, object] = field(default_factory=dict)


def visit(
    client_ip: str = "192.0.2.1", target: bytes = b"/", headers: Iterable[Field] = ()
) -> Visit:
    """A request."""
    facts = ConnectionFacts(client_ip, 40000 if client_ip else 0, "192.0.2.100", 80)
    return Visit(client_ip, facts, RequestHead(b"GET", target, Headers(headers)))


def connection(client_ip: str = "192.0.2.1") -> Visit:
    """A connection in tcp mode."""
    return Visit(client_ip, visit(client_ip).connection, None)


@dataclass(slots=True, eq=False)
class Runner:
    """A candidate (`contracts.Candidate`) whose numbers a test sets as it likes."""

    name: str
    weight: int = 1
    active: int = 0
    tunnels: int = 0
    server: RealServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = RealServer(self.name, weight=self.weight)


def runners(**weights: int) -> tuple[Runner, ...]:
    """Candidates by name and weight, idle."""
    return tuple(Runner(name, weight) for name, weight in weights.items())
