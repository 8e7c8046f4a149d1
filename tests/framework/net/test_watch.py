"""A watch: jitter, agents, and what it knows of its server."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from twisted.internet.task import Clock

from kit.words import WordCheck, WordProbe
from pointsman.contracts import HealthCheck, Verdict
from pointsman.core.health import CheckPlan, Health
from pointsman.core.health_report import Outcome
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.attempt import Opener, ProbeOwner
from pointsman.net.watch import Watch


class Pipe:
    """A transport that answers at once with what the test wants."""

    def __init__(self, told: Noter, owner: ProbeOwner) -> None:
        self.told = told
        self.owner = owner

    def open(self, seconds: float) -> None:
        self.told.asked.append(self.told.clock.seconds())
        self.owner.opened("connected")

    def send(self, data: bytes) -> None: ...

    def listen(self) -> None:
        self.owner.received(self.told.answer)

    def close(self, *, clean: bool) -> None: ...


class AgentProbe(WordProbe):
    def receive(self, data: bytes) -> Verdict:
        return Verdict(True, "agent", share=40, admin="drain")


class AgentCheck(WordCheck):
    def probe(self, server: RealServer) -> AgentProbe:
        return AgentProbe()


class Noter:
    """Who is told."""

    agents = False

    def __init__(self, check: HealthCheck | None = None, **timing: Any) -> None:
        self.clock = Clock()
        self.answer = b"ok"
        self.asked: list[float] = []
        self.verdicts: list[tuple[bool, str]] = []
        self.wants: list[Verdict] = []
        self.random = 0.5
        plan = CheckPlan(
            "web",
            Member(RealServer("a", Address.parse("10.0.0.1:80"))),
            check or WordCheck(),
            HealthTiming(**{"interval": 10.0, "timeout": 2.0, "retries": 0, **timing}),
        )
        self.watch = Watch(self, plan, self.clock, lambda: 1000.0, lambda: self.random, 0.7)
        self.watch.add(plan)

    def opener(self, check: HealthCheck, server: RealServer) -> Opener:
        return lambda owner: Pipe(self, owner)

    def tell(self, plan: CheckPlan, health: Health) -> None:
        self.verdicts.append((health.up, health.reason))

    def tell_agent(self, plan: CheckPlan, verdict: Verdict) -> None:
        self.wants.append(verdict)

    def say_trouble(self, reason: str, kind: str) -> None: ...

    def run(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))


def test_jitter_moves_each_cycle_but_the_grid_stays() -> None:
    noter = Noter(jitter=4.0)
    noter.watch.start(0.0)
    noter.run(60)
    first, *others = noter.asked
    assert first <= 0.25
    steps = [later - earlier for earlier, later in pairwise(others)]
    assert len(others) >= 5
    assert all(abs(step - 10.0) <= 0.25 for step in steps)  # equal jitter: the grid, moved
    noter.random = 0.0
    begun = len(noter.asked)
    noter.run(20)
    assert abs(noter.asked[begun + 1] - noter.asked[begun - 1] - 20.0 + 2.0) <= 0.5


def test_without_jitter_nothing_is_random() -> None:
    noter = Noter()
    noter.random = 1.0
    noter.watch.start(0.0)
    noter.run(60)
    steps = {later - earlier for earlier, later in pairwise(noter.asked[1:])}
    assert steps <= {9.75, 10.0, 10.25}


def test_what_an_agent_says_is_passed_on_each_time() -> None:
    noter = Noter(AgentCheck())
    noter.watch.start(0.0)
    noter.run(1)
    assert [(verdict.share, verdict.admin) for verdict in noter.wants] == [(40, "drain")]


def test_what_is_known_is_told_with_the_last_failure() -> None:
    noter = Noter()
    state = noter.watch.state
    assert (state.up, state.known, state.reason, state.attempts) == (
        True,
        False,
        "not checked yet",
        0,
    )
    assert (state.check, state.place, state.failure) == ("word", "10.0.0.1:80", None)
    noter.answer = b"ill"
    noter.watch.start(0.0)
    noter.run(1)
    state = noter.watch.state
    assert (state.up, state.known, state.reason, state.attempts, state.asked) == (
        False,
        True,
        "ill",
        1,
        1000.0,
    )
    failure = state.failure
    assert failure is not None
    assert (failure.outcome, failure.sent, failure.received) == (Outcome.BAD, b"?", b"ill")
    noter.answer = b"ok"
    noter.run(20)
    state = noter.watch.state
    assert state.up
    assert state.failure is failure  # kept, for whoever asks what it was
