"""A TCP check: a server that accepts a connection is up."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.contracts import Settings, Surroundings
from pointsman.model.server import RealServer


class TcpSettings(Settings):
    """There is nothing to set."""


@dataclass(frozen=True)
class TcpCheck:
    """Asks for a connection and no more; nothing is sent or read."""

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return "TCP connect"

    def probe(self, server: RealServer) -> None:
        """None: being connected is all that was asked."""


def make(settings: TcpSettings, surroundings: Surroundings, /) -> TcpCheck:
    """The one TCP check there is."""
    return TcpCheck()
