"""Health checks on a clock of the test's, with every call that they make."""

from __future__ import annotations

from twisted.internet.task import Clock

from kit.dialling import FakeCall
from kit.words import WordCheck
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.call import Call, Dialled
from pointsman.net.checks import Checks
from pointsman.net.probe_transports import ProbeTransports

TIMING = HealthTiming(interval=9.0, timeout=2.0, retries=2)
Change = tuple[str, str, bool, str]


class CheckedSite:
    """Checks on a clock, with every call that they make."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.calls: list[FakeCall] = []
        self.changes: list[Change] = []
        self.answer: str | None = None  # given to each call by itself
        self.transports = ProbeTransports(self.clock, self.dial, lambda host: ())
        self.checks = Checks(self.clock, self.transports, [self.changed], lambda: 1000.0)

    def changed(self, pool: str, server: str, up: bool, reason: str) -> None:
        self.changes.append((pool, server, up, reason))

    def dial(self, server: RealServer, timeout: float, owner: Dialled) -> Call | None:
        self.calls.append(call := FakeCall(server, owner, self.clock.seconds()))
        match self.answer:
            case None:
                return call
            case "refuse":
                call.fail()
            case word:
                call.connect().owner.data_received(word.encode())
        return None

    def say(self, word: str) -> None:
        self.calls[-1].connect().owner.data_received(word.encode())

    def add(
        self, name: str = "a", place: str = "10.0.0.1:80", pool: str = "web", **plan: object
    ) -> Member:
        member = Member(RealServer(name, Address.parse(place)))
        keys: dict[str, object] = {"check": WordCheck(), "timing": TIMING, **plan}
        self.checks.add(CheckPlan(pool, member, **keys))  # type: ignore[arg-type]
        return member

    def pass_time(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))


def second_cycle(site: CheckedSite) -> float:
    """When the second cycle begins: its server's own place in the interval."""
    (call,) = site.clock.getDelayedCalls()
    return call.getTime()
