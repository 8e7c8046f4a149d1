"""Whether a server is up: what its probes met, counted by the rules of DESIGN 5.4."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pointsman.contracts import HealthCheck
from pointsman.core.health_report import Outcome
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming

NOT_YET: Final = "not checked yet"


@dataclass(frozen=True, slots=True, eq=False)
class CheckPlan:
    """One member of a pool and how it is found out whether it is up.

    The member is ``up`` and ``checking`` until the first verdict: it is given work at once, and
    the first check begins at once, so a server that is down costs one failed attempt at most
    and a start never waits for a slow check.

    Attributes:
        pool: name of the pool, for events and logs.
        member: whom the verdict is for.
        check: makes the probes; checks that compare equal share one probe per server.
        timing: when and how often.
        address: asked instead of the server's own address, None for its own.
    """

    pool: str
    member: Member
    check: HealthCheck
    timing: HealthTiming
    address: Address | None = None

    @property
    def asked(self) -> RealServer:
        """The server as the probe sees it: where ``address`` says, if it says anything."""
        server = self.member.server
        if self.address is None:
            return server
        return replace(server, address=self.address, endpoint="", local="")


class Health:
    """The verdict on one server by one check. Pure: it is told outcomes and times.

    A cycle is one attempt, or several when the server is silent. The first cycle decides alone,
    as nothing is known yet that could flap; from then on ``fall`` bad cycles in a row take a
    server down and ``rise`` good ones bring it back.

    Cycles stay on a grid of ``interval`` (or ``interval_down``) seconds. One that comes late, as
    the one before took longer or the process was held up, is made up for at once and the grid
    stays, so probes that were spread over the interval stay spread.

    Attributes:
        timing: the rules.
        up: the verdict; True until the first one.
        known: whether there is a verdict at all.
        reason: why ``up`` is as it is, in words.
    """

    __slots__ = ("_against", "_due", "_phase", "_silent", "known", "reason", "timing", "up")

    def __init__(self, timing: HealthTiming, start: float, phase: float = 1.0) -> None:
        """Begin with the first cycle at ``start``.

        Args:
            timing: the rules.
            start: seconds of any clock that never goes back.
            phase: share of the interval between the first cycle and the second, above 0 to 1.
        """
        self.timing = timing
        self.up = True
        self.known = False
        self.reason = NOT_YET
        self._phase = phase
        self._due = start  # of the cycle under way, or of the next one
        self._silent = 0  # attempts of this cycle that met silence
        self._against = 0  # cycles in a row that speak against ``up``

    def judge(self, outcome: Outcome, reason: str, now: float) -> float:
        """Take in what an attempt came to; the time when the next one is to begin.

        Args:
            outcome: what it came to.
            reason: why, in words for people.
            now: seconds of the same clock as ``start``.
        """
        if outcome is Outcome.SILENT:
            self._silent += 1
            if self._silent <= self.timing.retries:
                return now
            if self._silent > 1:
                reason = f"{reason}, {self._silent} times"
        self._silent = 0
        if outcome is not Outcome.UNABLE:
            self._count(outcome is Outcome.GOOD, reason)
        return self._next_cycle(now)

    @property
    def interval(self) -> float:
        """Seconds between the starts of two cycles in the present state."""
        timing = self.timing
        return timing.interval if self.up else timing.interval_down or timing.interval

    def _count(self, good: bool, reason: str) -> None:
        if good == self.up:
            self._against = 0
        else:
            self._against += 1
            needed = self.timing.rise if good else self.timing.fall
            if self.known and self._against < needed:
                return
            self._against = 0
            self.up = good
        self.known = True
        self.reason = reason

    def _next_cycle(self, now: float) -> float:
        if self._due > now:  # this one was asked for out of turn
            return self._due
        interval = self.interval
        due = self._due + interval * self._phase
        self._phase = 1.0
        if due < now:
            due += (now - due) // interval * interval
        self._due = due
        return max(due, now)
