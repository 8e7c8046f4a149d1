"""A member: a real server in a pool with its live state. It outlives reloads and reconnects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from pointsman.core.server_states import (
    ADMIN_STATES,
    AGENT_DOWN,
    AGENT_DRAIN,
    AGENT_MAINTENANCE,
    AGENT_READY,
    AGENT_STATES,
    BY_ADMIN,
    BY_AGENT,
    BY_HEALTH,
    BY_TIME,
    BY_TRAFFIC,
    CHECKING,
    DISABLED,
    DOWN,
    DRAINING,
    EJECTED,
    ENABLED,
    MAINTENANCE,
    OVER_LIMIT,
    SLOW_START,
    UP,
)
from pointsman.model.server import RealServer

MOST_WEIGHT: Final = 65535

# Told of a change of state: the member, the state it left, who changed it, and why.
Told = Callable[["Member", str, str, str], None]


class Watching(Protocol):
    """Who looks at how a member answers (core.outliers)."""

    def answered(self, status: int, seconds: float) -> None:
        """It has answered: the status, 0 in tcp mode, and seconds to the first byte."""

    def failed(self) -> None:
        """It could not be reached, broke off, was silent or spoke nonsense."""


class Member:
    """One real server of a pool: what it is, whether it may work, and what it is doing.

    Operator, agent, health check and traffic each have a say of their own, and none can take back
    what another one said. What follows from all of it is worked out when one of them changes.

    Attributes:
        name: name of the server, unique in the pool.
        server: its identity; replaced on reload when the configuration changed it.
        weight: the share of new work that it should get now, 0..65535.
        base_weight: the share as an operator or the configuration wants it.
        share: percent of that which its agent wants now.
        ramp: part of that which it is given while it starts slowly, 1.0 at its end.
        ramp_began: when that began, monotonic seconds; -1.0 if nobody looked at it yet.
        up: the verdict of the health check; True as long as there is none.
        checking: the first verdict is still to come.
        reason: why ``up`` is as it is, in words.
        admin: what the operator wants: ENABLED, DRAINING, DISABLED or MAINTENANCE.
        agent: what its agent wants: AGENT_READY, AGENT_DRAIN, AGENT_MAINTENANCE or AGENT_DOWN.
        ejected: it answered badly and is left alone.
        drain_began: when draining began, monotonic seconds; -1.0 if nobody looked at it yet.
        active: exchanges and tunnels under way, connecting ones included.
        tunnels: how many of these are tunnels.
        total: exchanges and tunnels ever begun.
        failures: attempts that failed to connect or broke off.
        passive: looks at how it answers; None if nobody does.
        followers: members whose health is that of this one.
        wanted: operator, agent and weight want it to work, healthy or not.
        works: it is fit for work, whatever it has to do now: neither down nor taken out.
        takes_new: a client that belongs nowhere may be sent here.
        takes_pinned: a client that belongs here may be sent here (DESIGN 5.3).
        keeps_pins: clients that belong here go on to do so, even if it cannot take them now.
    """

    __slots__ = (
        "_admin_reason",
        "_agent_reason",
        "_changed",
        "_ejected_reason",
        "_full_at",
        "_left",
        "_rate",
        "_told",
        "active",
        "admin",
        "agent",
        "base_weight",
        "checking",
        "drain_began",
        "ejected",
        "failures",
        "followers",
        "keeps_pins",
        "name",
        "passive",
        "ramp",
        "ramp_began",
        "reason",
        "server",
        "share",
        "takes_new",
        "takes_pinned",
        "total",
        "tunnels",
        "up",
        "wanted",
        "weight",
        "works",
    )

    def __init__(self, server: RealServer, changed: Callable[[], None] | None = None) -> None:
        self.name = server.name
        self.server = server
        self.weight = self.base_weight = server.weight
        self.share = 100
        self.ramp = 1.0
        self.ramp_began = -1.0
        self.passive: Watching | None = None
        self.up = True
        self.checking = False
        self.reason = "not checked yet"
        self.admin = ENABLED
        self._admin_reason = ""
        self.agent = AGENT_READY
        self._agent_reason = ""
        self.ejected = False
        self._ejected_reason = ""
        self.drain_began = -1.0
        self.active = 0
        self.tunnels = 0
        self.total = 0
        self.failures = 0
        self._full_at = server.max_connections or -1
        self._rate = server.max_rate
        self._left = float(self._rate or -1)  # so many may still begin in this second
        self._changed = changed or _nobody
        self._told: Told | None = None
        self.followers: tuple[Member, ...] = ()
        self.wanted = False
        self.works = self.keeps_pins = self.takes_new = self.takes_pinned = False
        self._refresh()

    @property
    def is_full(self) -> bool:
        """Whether a limit of its own is reached: open at the same time, or begun in a second."""
        return 0 <= self._full_at <= self.active or 0.0 <= self._left < 1.0

    @property
    def state(self) -> str:
        """One word for people (``core.server_states``)."""
        state = self._settled_state()
        return OVER_LIMIT if self.is_full and state in (UP, SLOW_START, CHECKING) else state

    @property
    def why(self) -> str:
        """Why it is in that state, in words."""
        state = self.state
        if self.admin != ENABLED:
            return self._admin_reason
        if self.agent != AGENT_READY:
            return self._agent_reason
        if state == EJECTED:
            return self._ejected_reason
        if state == OVER_LIMIT:
            if 0 <= self._full_at <= self.active:
                return f"{self.active} under way of at most {self._full_at}"
            return f"at its limit of {self._rate} a second"
        if state == SLOW_START:
            return f"starts slowly, at {self.ramp:.0%} of its weight; {self.reason}"
        return self.reason

    # ---- work ----

    def begin(self) -> None:
        """Work was given to this member. Every begin is followed by exactly one ``end``."""
        self.total += 1
        self.active = active = self.active + 1
        if active == self._full_at:
            self._refresh()
        if self._rate and self._left > 0.0:
            self._left = left = max(self._left - 1.0, 0.0)
            if left < 1.0:
                self._refresh()

    def failed(self) -> None:
        """An attempt failed to connect, broke off, or came to nothing."""
        self.failures += 1
        if self.passive is not None:
            self.passive.failed()

    def refill(self, seconds: float) -> None:
        """So much time has passed since the last call: so many more may begin."""
        if not self._rate:
            return
        before = self.is_full
        self._left = min(self._left + self._rate * seconds, float(self._rate))
        if before != self.is_full:
            self._refresh()

    def end(self) -> None:
        """That work is over, however it ended."""
        self.active = active = self.active - 1
        if active == self._full_at - 1:
            self._refresh()

    # ---- who has a say ----

    def set_health(self, up: bool, reason: str) -> None:
        """The health check has spoken."""
        before = self._settled_state()
        self.checking = False
        self.reason = reason
        if up != self.up:
            self.up = up
            self._refresh()
        self._tell(before, BY_HEALTH, reason)
        for follower in self.followers:
            follower.set_health(up, f"it follows {self.name}: {reason}")

    def set_admin(self, state: str, reason: str = "by an operator") -> None:
        """An operator takes the member in (ENABLED) or out.

        Args:
            state: ENABLED, DRAINING, DISABLED or MAINTENANCE.
            reason: why, in words.

        Raises:
            ValueError: it is none of these.
        """
        self._set_admin(state, reason, BY_ADMIN)

    def end_drain(self, reason: str) -> None:
        """Draining is over: nobody is sent here any more."""
        if self.admin == DRAINING:
            self._set_admin(DISABLED, reason, BY_TIME)

    def _set_admin(self, state: str, reason: str, by: str) -> None:
        if state not in ADMIN_STATES:
            known = ", ".join(ADMIN_STATES[:-1])
            raise ValueError(f"admin state must be {known} or {ADMIN_STATES[-1]}, got {state!r}")
        if state == self.admin:
            return
        before = self._settled_state()
        self.admin = state
        self._admin_reason = reason
        self.drain_began = -1.0
        self._refresh()
        self._tell(before, by, reason)

    def set_agent(
        self, share: int | None = None, admin: str = "", reason: str = "its agent wants it so"
    ) -> None:
        """The agent on the server has spoken. Only it can take back what it said.

        Args:
            share: percent of its weight that it wants now; None says nothing of it.
            admin: AGENT_READY, AGENT_DRAIN, AGENT_MAINTENANCE or AGENT_DOWN; "" says nothing.
            reason: why, in words.

        Raises:
            ValueError: a negative share, or another word.
        """
        if admin and admin not in AGENT_STATES:
            raise ValueError(f"an agent says {', '.join(AGENT_STATES)}, got {admin!r}")
        if share is not None and share < 0:
            raise ValueError(f"a share must be 0 or more percent, got {share}")
        share = self.share if share is None else share
        admin = admin or self.agent
        if (share, admin) == (self.share, self.agent):
            return
        before = self._settled_state()
        self.share = share
        self.agent = admin
        self._agent_reason = reason
        self._refresh()
        self._tell(before, BY_AGENT, reason)

    def set_ejected(self, ejected: bool, reason: str) -> None:
        """What its answers looked like takes it out for a while, or lets it back in."""
        if ejected == self.ejected:
            return
        before = self._settled_state()
        self.ejected = ejected
        self._ejected_reason = reason
        self._refresh()
        self._tell(before, BY_TRAFFIC, reason)

    def set_weight(self, weight: int) -> None:
        """Change the share of new work, 0..65535; 0 takes none.

        Raises:
            ValueError: it is out of range.
        """
        if not 0 <= weight <= MOST_WEIGHT:
            raise ValueError(f"weight must be 0 to {MOST_WEIGHT}, got {weight}")
        if weight != self.base_weight:
            self.base_weight = weight
            self._refresh()

    def begin_ramp(self, ramp: float) -> None:
        """Start slowly from now on, with this part of its weight. Nobody is told."""
        self.ramp_began = -1.0
        self.ramp = ramp
        self._refresh()

    def set_ramp(self, ramp: float) -> None:
        """Slow start: the part of its weight that it is given now, above 0.0 to 1.0."""
        if ramp != self.ramp:
            before = self._settled_state()
            self.ramp = ramp
            self._refresh()
            self._tell(before, BY_TIME, "it has its full weight" if ramp >= 1 else "it came back")

    def become(self, server: RealServer) -> None:
        """The configuration was changed: take its limits over, and its weight if that changed.

        Args:
            server: of the same name and place. What an operator set stays, but for a weight that
                is now written otherwise.
        """
        before, self.server = self.server, server
        self._full_at = server.max_connections or -1
        if server.max_rate != before.max_rate:
            self._rate = server.max_rate
            self._left = float(self._rate or -1)
        if server.weight != before.weight:
            self.base_weight = server.weight
        if server != before:
            self._refresh()

    # ---- who is told ----

    def watched_by(self, changed: Callable[[], None], told: Told | None = None) -> None:
        """The pool wants to know when the answer of ``takes_new`` may have changed.

        Args:
            changed: told so.
            told: told of each change of state.
        """
        self._changed = changed
        self._told = told

    def _tell(self, before: str, by: str, reason: str) -> None:
        if self._told is not None and self._settled_state() != before:
            self._told(self, before, by, reason)

    def _settled_state(self) -> str:
        """The state without OVER_LIMIT, which comes and goes with every request."""
        if self.admin != ENABLED:
            return self.admin
        if self.agent != AGENT_READY:
            return _AGENT_AS_STATE[self.agent]
        if self.checking:
            return CHECKING
        if not self.up:
            return DOWN
        if self.ejected:
            return EJECTED
        return SLOW_START if self.ramp < 1.0 else UP

    def _refresh(self) -> None:
        """Decide anew what it takes: when something changed, not when a request comes."""
        weight = self.base_weight
        if weight and (self.share != 100 or self.ramp < 1.0):
            weight = round(weight * self.share * self.ramp / 100)
            weight = min(max(weight, 1), MOST_WEIGHT) if self.share else 0
        self.weight = weight
        admin, agent = self.admin, self.agent
        fit = self.up and not self.ejected
        ready = admin == ENABLED and agent == AGENT_READY
        self.wanted = ready and weight > 0
        self.works = fit and ready
        self.keeps_pins = (
            fit and admin in (ENABLED, DRAINING) and agent in (AGENT_READY, AGENT_DRAIN)
        )
        has_room = not self.is_full
        self.takes_new = self.works and has_room and weight > 0
        self.takes_pinned = self.keeps_pins and has_room
        self._changed()

    def __repr__(self) -> str:
        return f"Member({self.name!r}, {self.state}, active={self.active})"


_AGENT_AS_STATE: Final = {AGENT_DRAIN: DRAINING, AGENT_MAINTENANCE: MAINTENANCE, AGENT_DOWN: DOWN}


def _nobody() -> None:
    pass
