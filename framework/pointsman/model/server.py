"""A real server: the identity of one upstream. It never changes; its live state is a member's."""

from __future__ import annotations

from dataclasses import dataclass, field

from pointsman.model.address import Address


@dataclass(frozen=True, slots=True)
class RealServer:
    """One upstream address with a weight and limits.

    Attributes:
        name: unique in its pool; the key of pins, statistics and commands.
        address: where it listens; ``Address()`` when ``endpoint`` or ``local`` says it otherwise.
        weight: share of new work, 0..65535; 0 takes none.
        max_connections: exchanges and tunnels at the same time, 0 for no limit.
        endpoint: a Twisted client endpoint string instead of an address, else "".
        local: key of an in-process server that the embedding program registered, else "".
        max_rate: requests or connections that it is given in a second, 0 for no limit.
        priority: servers with a higher number work only when too few with a lower one do.
        critical: when it does not work, its whole pool takes no work.
        follow: its health is that of another server, "POOL/SERVER"; "" for its own.
    """

    name: str
    address: Address = field(default_factory=Address)
    weight: int = 1000
    max_connections: int = 0
    endpoint: str = ""
    local: str = ""
    max_rate: int = 0
    priority: int = 1
    critical: bool = False
    follow: str = ""

    @property
    def place(self) -> str:
        """Where it is reached, for people: address, endpoint or local name."""
        return self.endpoint or (f"local:{self.local}" if self.local else str(self.address))
