"""An SMTP check: the server greets with 220 (RFC 5321), and if wanted takes our EHLO."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, coded_reply, shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption

QUIT = b"QUIT\r\n"


class SmtpSettings(TlsOption):
    """How far to go."""

    hello: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:\[\]-]*$",
        description="a name to send with EHLO after the 220",
        examples=["balancer.example.org"],
    )


@dataclass(frozen=True)
class SmtpCheck(StreamCheck):
    """Hears the greeting, and says goodbye."""

    hello: str = ""

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return self.with_tls(f"SMTP EHLO {self.hello}" if self.hello else "SMTP greeting")

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self._talk())

    def _talk(self) -> Talk:
        code, said = yield from coded_reply()
        if code != 220:
            return _wrong("greeting", code, said, "220")
        if self.hello:
            code, said = yield from coded_reply(f"EHLO {self.hello}\r\n".encode())
            if code != 250:
                return _wrong("answer to EHLO", code, said, "250")
        return Verdict(True, f"greets with {shown(said)}", farewell=QUIT)


def _wrong(what: str, code: int, said: bytes, expected: str) -> Verdict:
    remedy = f"a {what} that begins with {expected}"
    if not code:
        return Verdict(False, f"not SMTP: {shown(said)}", remedy)
    return Verdict(False, f"{what} {shown(said)}, expected {expected}", remedy, QUIT)


def make(settings: SmtpSettings, surroundings: Surroundings, /) -> SmtpCheck:
    """The check that these settings describe."""
    return SmtpCheck(encryption(settings.tls, surroundings), settings.hello)
