"""The health checks at work: every server is asked when its time has come, and members are told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.logger import Logger

from pointsman.contracts import HealthCheck, Verdict
from pointsman.contracts.health import DOWN
from pointsman.core.health import CheckPlan, Health
from pointsman.core.health_report import Report
from pointsman.core.members import Member
from pointsman.core.server_states import AGENT_READY
from pointsman.model.server import RealServer
from pointsman.net.attempt import Attempt, Opener
from pointsman.net.probe_transports import ProbeTransports
from pointsman.net.watch import Watch, WatchState

# Told of a change: pool, server, whether it is up now, and why.
Changed = Callable[[str, str, bool, str], None]

# What makes two plans share a probe.
Key = tuple[object, ...]

PACE = 0.001  # seconds between the first checks of two servers
_GOLDEN = (5**0.5 - 1) / 2
UNCHECKED = "it is not checked any more"
SAY_AGAIN = 60.0  # seconds until the same trouble of our own is logged again


class Checks:
    """Runs check plans on the reactor's clock.

    Plans with an equal check, the same timing and the same place to ask share one probe, and its
    verdict is applied to all their members. All are first checked at once (a thousand a second,
    so that thousands are no burst); from then on each has its own fixed place in the interval.

    Args:
        reactor: IReactorTime.
        transports: makes what probes travel on.
        on_change: told when a member went down or came back; one that raises is logged.
        wall: seconds since the epoch, for what is remembered.
        random: 0.0 to 1.0, for jitter.

    Attributes:
        on_change: as above; others after a reload.
    """

    log = Logger()
    agents = False

    def __init__(
        self,
        reactor: Any,
        transports: ProbeTransports,
        on_change: Sequence[Changed] = (),
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.reactor = reactor
        self._transports = transports
        self.on_change = tuple(on_change)
        self._wall = wall
        self._random = random
        self._watches: dict[Key, Watch] = {}
        self._keys: dict[Watch, Key] = {}
        self._by_member: dict[Member, Watch] = {}
        self._made = 0
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
            self._made += 1
            # However many there are, the multiples of this number leave no gap and no crowd.
            phase = self._made * _GOLDEN % 1.0 or 1.0
            watch = Watch(self, plan, self.reactor, self._wall, self._random, phase)
            self._watches[key] = watch
            self._keys[watch] = key
            if self._running:
                watch.start(self._next_first())
        self._by_member[plan.member] = watch
        watch.add(plan)

    def change(self, plans: Sequence[CheckPlan]) -> Iterator[None]:
        """Check exactly these members from now on, by these plans: in steps, all to be taken.

        Whoever is asked the same at the same place as before keeps its verdict, its counts and
        its place in the interval. A member that is not checked any more counts as up.
        """
        planned = {plan.member for plan in plans}
        for member in [member for member in self._by_member if member not in planned]:
            self._forget(member)
            self._let_be(member)
            yield
        for plan in plans:
            watch = self._by_member.get(plan.member)
            key = _key(plan)
            if watch is not None and watch is self._watches.get(key):
                watch.replace(plan)
            else:
                if watch is not None:
                    self._forget(plan.member)
                self.add(plan)
            yield

    def _let_be(self, member: Member) -> None:
        """Nobody asks any more: take back what was said."""
        if not member.server.follow:
            member.set_health(True, UNCHECKED)
        member.set_agent(100, AGENT_READY, UNCHECKED)

    def _forget(self, member: Member) -> None:
        watch = self._by_member.pop(member)
        if not watch.remove(member):
            watch.stop()
            del self._watches[self._keys.pop(watch)]

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

    def try_now(self, member: Member, told: Callable[[Report], None]) -> Attempt:
        """Make one attempt for somebody who wants to see it, with no effect on any state.

        Args:
            member: whose check it is.
            told: given the report once it is over; not while this runs.

        Returns:
            The attempt, to cancel it.

        Raises:
            KeyError: if that member has no check.
        """
        plan = self._by_member[member].plan
        wall = self._wall
        attempt = Attempt(
            self.reactor,
            plan.check,
            plan.asked,
            plan.timing.timeout,
            lambda ended: told(ended.report(wall())),
        )
        attempt.start(self.opener(plan.check, plan.asked))
        return attempt

    def state_of(self, member: Member) -> WatchState | None:
        """What is known of a member by its check, with the last failure in full; None: no check."""
        watch = self._by_member.get(member)
        return watch.state if watch is not None else None

    @property
    def probes(self) -> int:
        """How many different probes there are for all members."""
        return len(self._watches)

    # ---- what watches tell ----

    def opener(self, check: HealthCheck, server: RealServer) -> Opener:
        """What makes the transports of the probes of that server."""
        return self._transports.opener(check, server)

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
            for told in self.on_change:
                try:
                    told(plan.pool, member.name, health.up, health.reason)
                except Exception:
                    self.log.failure("{told} raised when told of a change of health", told=told)

    def tell_agent(self, plan: CheckPlan, verdict: Verdict) -> None:
        """Give a member the share and the state that its agent wants."""
        member = plan.member
        before = member.share
        # Down is what the health check says here, and it takes it back as well.
        admin = verdict.admin if verdict.admin != DOWN or self.agents else ""
        member.set_agent(verdict.share, admin, verdict.reason)
        if member.share != before:
            self.log.info(
                "{pool}/{server} wants {share}% of its weight: {reason}",
                pool=plan.pool,
                server=member.name,
                share=member.share,
                reason=verdict.reason,
            )

    def say_trouble(self, reason: str, kind: str) -> None:
        """Our own trouble keeps states as they are: say it, but not once per server."""
        now = self.reactor.seconds()
        if kind != self._said or now - self._said_at >= SAY_AGAIN:
            self._said, self._said_at = kind, now
            self.log.error("health states are kept as they are: {reason}", reason=reason)

    def _next_first(self) -> float:
        self._last_first = max(self.reactor.seconds(), self._last_first + PACE)
        return self._last_first


def _key(plan: CheckPlan) -> Key:
    check = plan.check
    asked = plan.asked
    same: object = check
    try:
        hash(check)
    except TypeError:  # a check without a value of its own shares with nobody
        same = id(check)
    return (asked.address, asked.endpoint, asked.local, same, plan.timing)
