"""Health checks: probes give bytes and judge bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pointsman.model.server import RealServer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found out.

    Attributes:
        up: whether the server may take traffic.
        reason: in words, such as "403 not among accepted 200-299, 301, 302, 401".
    """

    up: bool
    reason: str


class Probe(Protocol):
    """One running attempt, without I/O: it gives bytes and judges bytes."""

    def start(self) -> bytes:
        """What to send once connected; b"" sends nothing."""

    def receive(self, data: bytes) -> Verdict | None:
        """Bytes came; a verdict ends the attempt, None waits for more."""

    def closed(self) -> Verdict:
        """The server closed before a verdict was reached."""


class HealthCheck(Protocol):
    """What is configured to find out whether a server is up: it makes probes.

    A connection that is refused, cannot be made or stays silent is judged by the framework.
    """

    def probe(self, server: RealServer) -> Probe | None:
        """A probe for one attempt; None if being connected is all that was asked."""

    @property
    def describes(self) -> str:
        """The check in a few words, such as "HEAD /abs/handler"."""
