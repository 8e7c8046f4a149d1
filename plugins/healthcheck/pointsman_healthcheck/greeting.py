"""Checks of servers that speak first: what they say is all that is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pointsman.contracts import Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption


class GreetingSettings(TlsOption):
    """There is only TLS to set."""


@dataclass(frozen=True)
class GreetingCheck(StreamCheck):
    """Hears what a server says first.

    Attributes:
        name: of the protocol.
        talk: the dialogue.
    """

    name: str
    talk: Callable[[], Talk]

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return self.with_tls(f"{self.name} greeting")

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self.talk())


def greeted(name: str, code: int, said: bytes, good: tuple[int, ...], farewell: bytes) -> Verdict:
    """The verdict on a greeting that begins with a code.

    Args:
        name: of the protocol.
        code: 0 if it was none.
        said: the last line of the greeting.
        good: codes of a server that is up.
        farewell: how to say goodbye.
    """
    if code in good:
        return Verdict(True, f"greets with {shown(said)}", farewell=farewell)
    expected = " or ".join(map(str, good))
    remedy = f"a greeting that begins with {expected}"
    if not code:
        return Verdict(False, f"not {name}: {shown(said)}", remedy)
    return Verdict(False, f"greeting {shown(said)}, expected {expected}", remedy, farewell)


def maker(
    name: str, talk: Callable[[], Talk]
) -> Callable[[GreetingSettings, Surroundings], GreetingCheck]:
    """What makes the check of that protocol."""

    def make(settings: GreetingSettings, surroundings: Surroundings, /) -> GreetingCheck:
        return GreetingCheck(encryption(settings.tls, surroundings), name, talk)

    return make
