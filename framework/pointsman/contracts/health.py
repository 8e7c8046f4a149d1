"""Health checks: probes give bytes and judge bytes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pointsman.contracts.tls import TlsUpstreamSide
from pointsman.model.server import RealServer

# What an agent on a server may want for it, beside a share of its weight.
READY = "ready"  # new work again, after one of the others
DRAIN = "drain"  # no new clients, pinned ones go on
MAINTENANCE = "maint"  # nobody
DOWN = "down"  # nobody, as it is not well


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found out.

    Attributes:
        up: whether the server may take traffic.
        reason: in words, such as "403 not among accepted 200-299, 301, 302, 401".
        remedy: what would make a probe that is not passed pass, in words; "" if nobody knows.
        farewell: sent before the connection is closed; the answer to it is not awaited.
        share: percent of its weight that the server wants now, 0 to 25600; None says nothing.
        admin: READY, DRAIN, MAINTENANCE or DOWN; "" says nothing.
    """

    up: bool
    reason: str
    remedy: str = field(default="", compare=False)
    farewell: bytes = b""
    share: int | None = None
    admin: str = ""


class Probe(Protocol):
    """One running attempt, without I/O: it gives bytes and judges bytes."""

    def start(self) -> bytes | Verdict:
        """What to send once connected; b"" sends nothing. A verdict ends the attempt at once."""

    def receive(self, data: bytes) -> Verdict | bytes | None:
        """Bytes came: a verdict ends the attempt, None waits for more, bytes are to be sent.

        After bytes it is called at once again with b"", as the next answer may be here already.
        """

    def closed(self) -> Verdict:
        """The server closed before a verdict was reached."""


@runtime_checkable
class CommandProbe(Probe, Protocol):
    """A probe of ``OverCommand``: what is received is what the command writes."""

    def exited(self, status: int) -> Verdict:
        """The command has ended with this status, or by a signal: then it is -signal."""


class HealthCheck(Protocol):
    """What is configured to find out whether a server is up: it makes probes.

    A connection that is refused, cannot be made or stays silent is judged by the framework.
    Checks that compare equal share their probes.
    """

    def probe(self, server: RealServer) -> Probe | None:
        """A probe for one attempt; None if being connected is all that was asked."""

    @property
    def describes(self) -> str:
        """The check in a few words, such as "HEAD /abs/handler"."""


@runtime_checkable
class CheckWithSecrets(HealthCheck, Protocol):
    """A health check that sends what nobody may read in a report of it."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What is starred out wherever an attempt is told in full; none is empty."""


# ---- what bytes travel on, where it is not a plain stream ----


@dataclass(frozen=True, slots=True)
class OverTls:
    """A stream with TLS.

    Attributes:
        side: puts it on and judges the server's certificate.
        key: what ``side.key`` says of this connection.
    """

    side: TlsUpstreamSide
    key: Hashable


@dataclass(frozen=True, slots=True)
class OverDatagrams:
    """UDP: each ``receive`` is given one datagram; nobody ever closes."""


@dataclass(frozen=True, slots=True)
class OverPing:
    """An ICMP echo: what is sent is its payload, what is received is that of the reply."""


@dataclass(frozen=True, slots=True)
class OverCommand:
    """A command of this machine, run without a shell; what it writes is received.

    Attributes:
        command: absolute path of the program, and its arguments.
        environment: names and values that it is given beside PATH and the language.
    """

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


Over = OverTls | OverDatagrams | OverPing | OverCommand


@runtime_checkable
class CheckOver(HealthCheck, Protocol):
    """A health check whose probes need something else than a plain stream."""

    def over(self, server: RealServer) -> Over | None:
        """What its probes of that server travel on; None for a plain stream."""
