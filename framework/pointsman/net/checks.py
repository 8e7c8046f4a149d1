"""The health checks at work: every server is asked when its time has come, and members are told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from twisted.logger import Logger

from pointsman.core.health import CheckPlan, Health, Outcome
from pointsman.core.members import Member
from pointsman.net.attempt import Attempt, Dial

# Told of a change: pool, server, whether it is up now, and why.
Changed = Callable[[str, str, bool, str], None]

# What makes two plans share a probe.
Key = tuple[object, ...]

PACE = 0.001  # seconds between the first checks of two servers
SAY_AGAIN = 60.0  # seconds until the same trouble of our own is logged again


class Checks:
    """Runs check plans on the reactor's clock.

    Plans with an equal check, the same timing and the same place to ask share one probe, and its
    verdict is applied to all their members. All are first checked at once (a thousand a second,
    so that thousands are no burst); from then on each has its own fixed place in the interval.

    Args:
        reactor: IReactorTime.
        dial: opens a stream to a server; ``Dialler.dial`` in the program.
        on_change: told when a member went down or came back; one that raises is logged.
    """

    log = Logger()

    def __init__(self, reactor: Any, dial: Dial, on_change: Sequence[Changed] = ()) -> None:
        self.reactor = reactor
        self.dial = dial
        self._on_change = tuple(on_change)
        self._watches: dict[Key, _Watch] = {}
        self._by_member: dict[Member, _Watch] = {}
        self._running = False
        self._last_first = float("-inf")
        self._said = ""
        self._said_at = 0.0

    def add(self, plan: CheckPlan) -> None:
        """Check that member from now on, or from ``start`` on. A member has one plan.

        Raises:
            ValueError: if the member is checked already.
        """
        if plan.member in self._by_member:
            raise ValueError(f"{plan.pool}/{plan.member.name} is checked already")
        key = _key(plan)
        watch = self._watches.get(key)
        if watch is None:
            self._watches[key] = watch = _Watch(self, plan)
            if self._running:
                watch.start(self._next_first())
        self._by_member[plan.member] = watch
        watch.add(plan)

    def start(self) -> None:
        """Begin to check. Members stay as they are until their first verdict."""
        if not self._running:
            self._running = True
            for watch in self._watches.values():
                watch.start(self._next_first())

    def stop(self) -> None:
        """Cancel what is under way and close its sockets; members keep their state."""
        self._running = False
        for watch in self._watches.values():
            watch.stop()

    def check_now(self, member: Member) -> None:
        """Check out of turn, with no effect on when it is next checked by itself.

        Raises:
            KeyError: if that member has no check.
        """
        watch = self._by_member[member]
        if self._running:
            watch.begin()

    @property
    def probes(self) -> int:
        """How many different probes there are for all members."""
        return len(self._watches)

    def tell(self, plan: CheckPlan, health: Health) -> None:
        """Apply a verdict to the member of a plan, and say so if it changed something."""
        member = plan.member
        flips = member.up != health.up
        news = flips or member.checking
        member.set_health(health.up, health.reason)
        if news:
            self.log.info(
                "{pool}/{server} is {state}: {reason}",
                pool=plan.pool,
                server=member.name,
                state="up" if health.up else "down",
                reason=health.reason,
            )
        if flips:
            for told in self._on_change:
                try:
                    told(plan.pool, member.name, health.up, health.reason)
                except Exception:
                    self.log.failure("{told} raised when told of a change of health", told=told)

    def say_trouble(self, reason: str, kind: str) -> None:
        """Our own trouble keeps states as they are: say it, but not once per server."""
        now = self.reactor.seconds()
        if kind != self._said or now - self._said_at >= SAY_AGAIN:
            self._said, self._said_at = kind, now
            self.log.error("health states are kept as they are: {reason}", reason=reason)

    def _next_first(self) -> float:
        self._last_first = max(self.reactor.seconds(), self._last_first + PACE)
        return self._last_first


class _Watch:
    """One server asked by one check, for all members that want to know the same."""

    __slots__ = (
        "_attempt",
        "_check",
        "_checks",
        "_ended",
        "_health",
        "_plans",
        "_server",
        "_timer",
        "_timing",
    )

    def __init__(self, checks: Checks, plan: CheckPlan) -> None:
        self._checks = checks
        self._check = plan.check
        self._server = plan.asked
        self._timing = plan.timing
        self._plans: list[CheckPlan] = []
        self._health: Health | None = None
        self._attempt: Attempt | None = None
        self._timer: Any = None
        self._ended = self.ended  # bound once, not per probe

    def add(self, plan: CheckPlan) -> None:
        """One more member wants to know; what is known already is told at once."""
        self._plans.append(plan)
        plan.member.checking = True
        if self._health is not None and self._health.known:
            self._checks.tell(plan, self._health)

    def start(self, first: float) -> None:
        """Have the first cycle at ``first``; the second one has its place in the interval."""
        phase = _phase(f"{self._server.place} {self._check.describes}")
        self._health = Health(self._timing, first, phase)
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

    def ended(self, outcome: Outcome, reason: str) -> None:
        """An attempt is over: note what it came to, tell what changed, wait for the next."""
        health = self._health
        if self._attempt is None or health is None:
            return  # stopped meanwhile
        self._attempt = None
        checks = self._checks
        if outcome is Outcome.UNABLE:
            checks.say_trouble(reason, reason.rpartition(": ")[2])
        before = (health.known, health.reason, health.up)
        due = health.judge(outcome, reason, checks.reactor.seconds())
        if before != (health.known, health.reason, health.up):
            for plan in self._plans:
                checks.tell(plan, health)
        self._wait(due)

    def _wait(self, until: float) -> None:
        reactor = self._checks.reactor
        self._timer = reactor.callLater(max(0.0, until - reactor.seconds()), self._due)

    def _due(self) -> None:
        self._timer = None
        checks = self._checks
        self._attempt = attempt = Attempt(
            checks.reactor, self._check, self._server, self._timing.timeout, self._ended
        )
        attempt.start(checks.dial)


def _key(plan: CheckPlan) -> Key:
    check = plan.check
    asked = plan.asked
    same: object = check
    try:
        hash(check)
    except TypeError:  # a check without a value of its own shares with nobody
        same = id(check)
    return (asked.address, asked.endpoint, asked.local, same, plan.timing)


def _phase(name: str) -> float:
    """A share of the interval, above 0 to 1, that is always the same for a name."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return (int.from_bytes(digest) + 1) / 2**32
