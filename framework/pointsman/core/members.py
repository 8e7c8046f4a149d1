"""A member: a real server in a pool with its live state. It outlives reloads and reconnects."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.core.member_state import MOST_WEIGHT, MemberState
from pointsman.core.server_states import (
    ADMIN_STATES,
    AGENT_STATES,
    BY_ADMIN,
    BY_AGENT,
    BY_HEALTH,
    BY_TIME,
    BY_TRAFFIC,
    DISABLED,
    DRAINING,
)
from pointsman.model.server import RealServer

# Told of a change of state: the member, the state it left, who changed it, and why.
Told = Callable[["Member", str, str, str], None]


class Member(MemberState):
    """One real server of a pool: what it is, whether it may work, and what it is doing.

    Operator, agent, health check and traffic each have a say of their own, and none can take back
    what another one said.

    Attributes:
        followers: members whose health is that of this one.
    """

    __slots__ = ("_told", "followers")

    def __init__(self, server: RealServer, changed: Callable[[], None] | None = None) -> None:
        super().__init__(server, changed)
        self._told: Told | None = None
        self.followers: tuple[Member, ...] = ()

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
        """Draining is over: nobody is sent here any more. Why it was drained is still told."""
        if self.admin == DRAINING:
            wanted = self._admin_reason
            self._set_admin(DISABLED, f"{reason}; {wanted}" if wanted else reason, BY_TIME)

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
