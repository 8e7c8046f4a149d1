"""A member: a real server in a pool with its live state. It outlives reloads and reconnects."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.model.server import RealServer

# Administrative states. Only an operator (or a command) moves a member between them.
ENABLED = "enabled"
DRAINING = "draining"  # no new clients, pinned ones are honoured
DISABLED = "disabled"  # nobody


class Member:
    """One real server of a pool: what it is, whether it may work, and what it is doing.

    Attributes:
        name: name of the server, unique in the pool.
        server: its identity; replaced on reload when the configuration changed it.
        weight: effective weight, 0..65535.
        up: the verdict of the health check; True as long as there is none.
        checking: the first verdict is still to come.
        reason: why ``up`` is as it is, in words.
        admin: ENABLED, DRAINING or DISABLED.
        active: exchanges and tunnels under way, connecting ones included.
        tunnels: how many of these are tunnels.
        total: exchanges and tunnels ever begun.
        failures: attempts that failed to connect or broke off.
        takes_new: a client that belongs nowhere may be sent here.
        takes_pinned: a client that belongs here may be sent here (DESIGN 5.3).
    """

    __slots__ = (
        "_changed",
        "_full_at",
        "active",
        "admin",
        "checking",
        "failures",
        "name",
        "reason",
        "server",
        "takes_new",
        "takes_pinned",
        "total",
        "tunnels",
        "up",
        "weight",
    )

    def __init__(self, server: RealServer, changed: Callable[[], None] | None = None) -> None:
        self.name = server.name
        self.server = server
        self.weight = server.weight
        self.up = True
        self.checking = False
        self.reason = "not checked yet"
        self.admin = ENABLED
        self.active = 0
        self.tunnels = 0
        self.total = 0
        self.failures = 0
        self._full_at = server.max_connections or -1
        self._changed = changed or _nobody
        self.takes_new = self.takes_pinned = False
        self._refresh()

    @property
    def is_full(self) -> bool:
        """Whether its own connection limit is reached."""
        return 0 <= self._full_at <= self.active

    @property
    def state(self) -> str:
        """One word for people: up, down, checking, draining or disabled."""
        if self.admin != ENABLED:
            return self.admin
        if self.checking:
            return "checking"
        return "up" if self.up else "down"

    def begin(self) -> None:
        """Work was given to this member. Every begin is followed by exactly one ``end``."""
        self.total += 1
        self.active = active = self.active + 1
        if active == self._full_at:
            self._refresh()

    def end(self) -> None:
        """That work is over, however it ended."""
        self.active = active = self.active - 1
        if active == self._full_at - 1:
            self._refresh()

    def set_health(self, up: bool, reason: str) -> None:
        """The health check has spoken."""
        self.checking = False
        self.reason = reason
        if up != self.up:
            self.up = up
            self._refresh()

    def set_admin(self, state: str) -> None:
        """An operator takes the member in (ENABLED) or out (DRAINING, DISABLED)."""
        if state not in (ENABLED, DRAINING, DISABLED):
            raise ValueError(f"admin state must be enabled, draining or disabled, got {state!r}")
        if state != self.admin:
            self.admin = state
            self._refresh()

    def set_weight(self, weight: int) -> None:
        """Change the share of new work, 0..65535; 0 takes none."""
        if not 0 <= weight <= 65535:
            raise ValueError(f"weight must be 0 to 65535, got {weight}")
        if weight != self.weight:
            self.weight = weight
            self._refresh()

    def watched_by(self, changed: Callable[[], None]) -> None:
        """The pool wants to be told when the answer of ``takes_new`` may have changed."""
        self._changed = changed

    def _refresh(self) -> None:
        """Decide anew what it takes: when something changed, not when a request comes."""
        can_work = self.up and not self.is_full
        self.takes_new = can_work and self.admin == ENABLED and self.weight > 0
        self.takes_pinned = can_work and self.admin != DISABLED
        self._changed()

    def __repr__(self) -> str:
        return f"Member({self.name!r}, {self.state}, active={self.active})"


def _nobody() -> None:
    pass
