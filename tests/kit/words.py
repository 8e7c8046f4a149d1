"""A health check of one word, and a server that passes it."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.protocol import Protocol

from pointsman.contracts import Probe, Verdict
from pointsman.model.server import RealServer


class WordProbe:
    """Up if the first word that comes is ``ok``."""

    def start(self) -> bytes:
        return b"?"

    def receive(self, data: bytes) -> Verdict:
        return Verdict(data == b"ok", data.decode())

    def closed(self) -> Verdict:
        return Verdict(False, "closed")


@dataclass(frozen=True)
class WordCheck:
    describes: str = "word"
    connect_only: bool = False

    def probe(self, server: RealServer) -> Probe | None:
        return None if self.connect_only else WordProbe()


class WordServer(Protocol):
    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"ok")
