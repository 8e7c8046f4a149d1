"""What follows from all that was said of a server: whether it may work, and the word for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from pointsman.core.server_states import (
    AGENT_DOWN,
    AGENT_DRAIN,
    AGENT_MAINTENANCE,
    AGENT_READY,
    CHECKING,
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


class Watching(Protocol):
    """Who looks at how a member answers (core.outliers)."""

    def answered(self, status: int, seconds: float) -> None:
        """It has answered: the status, 0 in tcp mode, and seconds to the first byte."""

    def failed(self) -> None:
        """It could not be reached, broke off, was silent or spoke nonsense."""


class MemberState:
    """What is known of one real server of a pool, and what it takes now.

    ``Member`` is told and counts; what follows from it is worked out here, when something changes
    and not when a request comes.

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
        "active",
        "admin",
        "agent",
        "base_weight",
        "checking",
        "drain_began",
        "ejected",
        "failures",
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
        self.reason = "it is not checked"
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
