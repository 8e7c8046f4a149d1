"""One server asked by one check again and again, for all members that want to know the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pointsman.contracts import HealthCheck, Verdict
from pointsman.core.health import NOT_YET, CheckPlan, Health
from pointsman.core.health_report import Outcome, Report
from pointsman.core.members import Member
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.attempt import Attempt, Opener


class Told(Protocol):
    """Who is told what a watch finds out; ``Checks``, in the program.

    Attributes:
        agents: it is agents that are asked: every verdict matters, and silence says nothing.
    """

    agents: bool

    def opener(self, check: HealthCheck, server: RealServer) -> Opener:
        """What makes the transports of its probes."""

    def tell(self, plan: CheckPlan, health: Health) -> None:
        """A verdict on the member of a plan."""

    def tell_agent(self, plan: CheckPlan, verdict: Verdict) -> None:
        """What the member's agent wants for it."""

    def say_trouble(self, reason: str, kind: str) -> None:
        """Trouble of our own, which says nothing about the server."""


@dataclass(frozen=True, slots=True)
class WatchState:
    """What is known of one server by one check.

    Attributes:
        check: the check in a few words.
        place: what is asked.
        timing: when and how often.
        up: the verdict; True until there is one.
        known: whether there is one.
        reason: why ``up`` is as it is, in words.
        attempts: how many were made.
        asked: seconds since the epoch when the last attempt ended, 0.0 if none has.
        took: seconds that it took.
        failure: the last attempt that did not find the server up, in full; None if there is none.
    """

    check: str
    place: str
    timing: HealthTiming
    up: bool
    known: bool
    reason: str
    attempts: int
    asked: float
    took: float
    failure: Report | None


class Watch:
    """Asks when its time has come, counts what it is told, and passes verdicts on.

    Args:
        told: who wants to hear.
        plan: the first of the plans that share it.
        reactor: IReactorTime.
        wall: seconds since the epoch.
        random: 0.0 to 1.0, for jitter.
        phase: its place in the interval, above 0.0 to 1.0.
    """

    __slots__ = (
        "_asked",
        "_attempt",
        "_attempts",
        "_check",
        "_ended",
        "_failure",
        "_health",
        "_opener",
        "_phase",
        "_plans",
        "_random",
        "_reactor",
        "_server",
        "_timer",
        "_timing",
        "_told",
        "_took",
        "_wall",
    )

    def __init__(
        self,
        told: Told,
        plan: CheckPlan,
        reactor: Any,
        wall: Callable[[], float],
        random: Callable[[], float],
        phase: float,
    ) -> None:
        self._told = told
        self._check = plan.check
        self._server = plan.asked
        self._timing = plan.timing
        self._reactor = reactor
        self._wall = wall
        self._random = random
        self._phase = phase
        self._opener = told.opener(plan.check, plan.asked)
        self._plans: list[CheckPlan] = []
        self._health: Health | None = None
        self._attempt: Attempt | None = None
        self._timer: Any = None
        self._attempts = 0
        self._asked = self._took = 0.0
        self._failure: Report | None = None
        self._ended = self.ended  # bound once, not per probe

    @property
    def plan(self) -> CheckPlan:
        """One of the plans that share it."""
        return self._plans[0]

    @property
    def state(self) -> WatchState:
        """What is known."""
        health = self._health or Health(self._timing, 0.0)
        return WatchState(
            self._check.describes,
            self._server.place,
            self._timing,
            health.up,
            health.known,
            health.reason,
            self._attempts,
            self._asked,
            self._took,
            self._failure,
        )

    def add(self, plan: CheckPlan) -> None:
        """One more member wants to know; what is known already is told at once."""
        self._plans.append(plan)
        if not self._told.agents:
            plan.member.checking = True
            plan.member.reason = NOT_YET
        if self._health is not None and self._health.known:
            self._told.tell(plan, self._health)

    def replace(self, plan: CheckPlan) -> None:
        """Another plan for the same member, which changes nothing in what is asked."""
        self._plans = [plan if each.member is plan.member else each for each in self._plans]

    def remove(self, member: Member) -> bool:
        """A member is not interested any more; whether somebody is left."""
        self._plans = [plan for plan in self._plans if plan.member is not member]
        return bool(self._plans)

    def start(self, first: float) -> None:
        """Have the first cycle at ``first``; the second one has its place in the interval."""
        self._health = Health(self._timing, first, self._phase)
        self._wait(first)

    def stop(self) -> None:
        """Neither wait nor ask any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt = None

    def begin(self) -> None:
        """Ask now, unless it is being asked."""
        if self._attempt is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due()

    def ended(self, attempt: Attempt) -> None:
        """An attempt is over: note what it came to, tell what changed, wait for the next."""
        health = self._health
        if self._attempt is None or health is None:
            return  # stopped meanwhile
        self._attempt = None
        outcome, reason = attempt.outcome, attempt.reason
        self._note(attempt)
        if outcome is Outcome.UNABLE:
            self._told.say_trouble(reason, reason.rpartition(": ")[2])
        before = (health.known, health.reason, health.up)
        now = self._reactor.seconds()
        due = health.judge(outcome, reason, now)
        verdict = attempt.verdict
        told = self._told
        if verdict is not None and (verdict.share is not None or verdict.admin or told.agents):
            for plan in self._plans:
                told.tell_agent(plan, verdict)
        if before != (health.known, health.reason, health.up):
            for plan in self._plans:
                self._told.tell(plan, health)
        if self._timing.jitter and outcome is not Outcome.SILENT:
            due += self._random() * self._timing.jitter
        self._wait(due)

    def _note(self, attempt: Attempt) -> None:
        self._attempts += 1
        self._asked = self._wall()
        self._took = attempt.took
        if attempt.outcome is not Outcome.GOOD:
            self._failure = attempt.report(self._asked)

    def _wait(self, until: float) -> None:
        reactor = self._reactor
        self._timer = reactor.callLater(max(0.0, until - reactor.seconds()), self._due)

    def _due(self) -> None:
        self._timer = None
        self._attempt = attempt = Attempt(
            self._reactor, self._check, self._server, self._timing.timeout, self._ended
        )
        attempt.start(self._opener)
