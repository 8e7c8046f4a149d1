"""``banner``: a server that speaks first is up if it says the right thing."""

from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import Offer, Settings, Surroundings, Verdict
from pointsman.model.server import RealServer


class BannerSettings(Settings):
    """What a server that is up says first."""

    expect: str = Field(min_length=1, max_length=200, description="how its first line begins")


@dataclass(frozen=True)  # checks that compare equal share one probe per server
class Banner:
    """Connects and listens."""

    expect: bytes

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"banner {self.expect.decode()}"

    def probe(self, server: RealServer) -> "BannerProbe":
        """One attempt."""
        return BannerProbe(self.expect)


class BannerProbe:
    """One attempt: no socket and no clock, only bytes."""

    def __init__(self, expect: bytes) -> None:
        self._expect = expect
        self._got = b""

    def start(self) -> bytes:
        """Send nothing: the server speaks first."""
        return b""

    def receive(self, data: bytes) -> Verdict | None:
        """None as long as it could still become the right thing."""
        self._got = (self._got + data)[: len(self._expect)]
        if self._got == self._expect:
            return Verdict(True, "the banner is right")
        if self._expect.startswith(self._got):
            return None
        return Verdict(False, f"the banner begins {self._got!r}")

    def closed(self) -> Verdict:
        """It hung up before it had said enough."""
        return Verdict(False, f"closed after {self._got!r}")


def make(settings: BannerSettings, surroundings: Surroundings) -> Banner:
    """A check for one pool."""
    return Banner(settings.expect.encode())


OFFER = Offer(BannerSettings, make, "A server that speaks first says the right thing.")
