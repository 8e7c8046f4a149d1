"""The life of the servers of a running site: what is due now and then, and who hears of changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from twisted.logger import Logger

from pointsman.app.events import SERVER, SERVICE, Events
from pointsman.core.draining import end_drains
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.retry_budget import WINDOW
from pointsman.core.server_states import (
    BY_HEALTH,
    BY_TIME,
    DISABLED,
    DOWN,
    MAINTENANCE,
    StateChange,
)
from pointsman.core.service_state import UP, ServiceState, service_state
from pointsman.core.virtual_service import VirtualService

# Told of a change: pool, server, the state before, the state now, and why.
Changed = Callable[[str, str, str, str, str], object]
# Told of a change: service, the state before, the state now, and why.
ServiceChanged = Callable[[str, str, str, str], object]

_OUT = (DOWN, DISABLED, MAINTENANCE)


class HasConnections(Protocol):
    """Who has connections to servers: a service at work."""

    @property
    def service(self) -> VirtualService:
        """What was decided about it at load."""

    def leave(self, member: Member, *, drop: bool) -> None:
        """Keep no idle connection to that member; with ``drop``, cut what is under way as well."""


class ServerLife:
    """Watches the members of all pools.

    Args:
        connections: the services at work now, asked each time.
        on_change: told of each change of a server; one that raises is logged.
        on_service: told of each change of a service, likewise.
        wall: seconds since the epoch.
        check_now: has a member checked out of turn; raises KeyError if it has no check.
        events: where changes are noted.

    Attributes:
        last: the last change of each member that has ever changed.
    """

    log = Logger()

    def __init__(
        self,
        connections: Callable[[], Sequence[HasConnections]],
        on_change: Sequence[Changed],
        on_service: Sequence[ServiceChanged],
        wall: Callable[[], float],
        check_now: Callable[[Member], object] | None = None,
        events: Events | None = None,
    ) -> None:
        self._connections = connections
        self._on_change = tuple(on_change)
        self._on_service = tuple(on_service)
        self._wall = wall
        self._check_now = check_now
        self._events = events if events is not None else Events(wall)
        self._turned = float("-inf")
        self._pools: tuple[Pool, ...] = ()
        self.last: dict[Member, StateChange] = {}

    def watch(self, pools: Mapping[str, Pool]) -> None:
        """Watch these pools from now on, and no others."""
        self._pools = tuple(pools.values())
        members = {member for pool in self._pools for member in pool.members}
        self.last = {member: change for member, change in self.last.items() if member in members}
        for pool in self._pools:
            pool.tells(partial(self._changed, pool))
            pool.checks_by(self._check)

    def tick(self, now: float) -> None:
        """Do what is due; called about every half second, with monotonic seconds."""
        for pool in self._pools:
            end_drains(pool, now)
            pool.tick(now)
        self._look_at_services()
        if now - self._turned >= WINDOW:
            self._turned = now
            for each in self._connections():
                each.service.retry_budget.turn(each.service.exchanges)

    def _check(self, member: Member) -> bool:
        if self._check_now is None:
            return False
        try:
            self._check_now(member)
        except KeyError:
            return False
        return True

    def _changed(self, pool: Pool, member: Member, before: str, by: str, reason: str) -> None:
        state = member.state
        change = StateChange(self._wall(), member.name, before, state, by, reason)
        pool.history.append(change)
        self.last[member] = change
        full = f"{pool.name}/{member.name}"
        self._events.note(SERVER, full, before, state, by, reason)
        if by != BY_HEALTH:  # who checks has told it already
            self.log.info(
                "{pool}/{server} is {state}: {reason}",
                pool=pool.name,
                server=member.name,
                state=state,
                reason=reason,
            )
        if state in _OUT:
            settings = pool.settings
            drained = state == DISABLED and by == BY_TIME and settings.drop_at_drain_end
            failed = state == DOWN and settings.drop_on_fail
            for each in self._connections():
                each.leave(member, drop=drained or failed)
        for told in self._on_change:
            try:
                told(pool.name, member.name, before, state, reason)
            except Exception:
                self.log.failure("{told} raised when told of a change of state", told=told)
        self._look_at_services(pool)

    def _look_at_services(self, pool: Pool | None = None) -> None:
        """See what state services are in: those that go by a pool, or all."""
        for each in self._connections():
            service = each.service
            if pool is not None and pool is not service.pool and pool is not service.sorry:
                continue
            before = service.state
            service.state = now = service_state(
                service.pool,
                enabled=service.enabled,
                when_down=service.when_down,
                sorry=service.sorry,
            )
            if now.word != before.word:
                service.history.append((self._wall(), now))
                self._events.note(SERVICE, service.name, before.word, now.word, "", now.reason)
                self._tell_of_service(service.name, before.word, now)

    def _tell_of_service(self, name: str, before: str, now: ServiceState) -> None:
        tell = self.log.info if now.word == UP else self.log.warn
        tell("{service} is {state}: {reason}", service=name, state=now.word, reason=now.reason)
        for told in self._on_service:
            try:
                told(name, before, now.word, now.reason)
            except Exception:
                self.log.failure("{told} raised when told of a change of state", told=told)
