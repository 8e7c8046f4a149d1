"""An ICMP check: the machine answers a ping. It tells nothing of the service on it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import OverPing, Settings, Surroundings, Verdict
from pointsman.model.server import RealServer


class IcmpSettings(Settings):
    """How large it is."""

    size: int = Field(default=56, ge=16, le=1400, description="bytes of payload")


@dataclass(frozen=True)
class IcmpCheck:
    """One echo request per attempt, with a payload that nobody can guess."""

    size: int

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"ping with {self.size} bytes"

    def over(self, server: RealServer) -> OverPing:
        """A ping."""
        return OverPing()

    def probe(self, server: RealServer) -> PingProbe:
        """One attempt."""
        return PingProbe(secrets.token_bytes(self.size))


class PingProbe:
    """One attempt (contracts.Probe)."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    def start(self) -> bytes:
        """The payload."""
        return self._payload

    def receive(self, data: bytes) -> Verdict | None:
        """The payload of a reply; another one than ours may be late, and is passed over."""
        return Verdict(True, "answers a ping") if data == self._payload else None

    def closed(self) -> Verdict:
        """Never: nobody closes a ping."""
        return Verdict(False, "closed without an answer")


def make(settings: IcmpSettings, surroundings: Surroundings, /) -> IcmpCheck:
    """The check that these settings describe."""
    return IcmpCheck(settings.size)
