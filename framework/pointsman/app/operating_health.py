"""The health checks of what runs: what they know, their last failure in full, and one more try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed

from pointsman.app.assembly import RunningSite
from pointsman.app.named_servers import named_servers
from pointsman.app.report_words import report_told
from pointsman.app.slices import Turns
from pointsman.config.steps import Steps
from pointsman.core.health_report import Report
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import StateChange
from pointsman.model.errors import OperatingError
from pointsman.net.attempt import Attempt
from pointsman.net.checks import Checks
from pointsman.net.watch import WatchState


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """What is known of a server by one check.

    Attributes:
        check: the check in a few words.
        place: what is asked.
        interval: seconds between two cycles, while it is up.
        timeout: seconds for one attempt.
        up: the verdict; None until there is one.
        reason: why, in words.
        attempts: how many were made.
        asked: when the last one ended, seconds since the epoch; None if none has.
        took: seconds that it took.
        failure: the last attempt that did not find the server up, in full; None if there is none.
    """

    check: str
    place: str
    interval: float
    timeout: float
    up: bool | None
    reason: str
    attempts: int
    asked: float | None
    took: float
    failure: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """One change of the state of a server: when, from what to what, by whom and why."""

    time: float
    before: str
    state: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HealthSeen:
    """The health of one server.

    Attributes:
        pool: its pool.
        name: its name.
        state: one word (``core.server_states``).
        why: why it is in that state.
        check: its health check, None if it has none.
        agent: its agent, None if none is asked beside.
        changes: the last changes of its state, the oldest first.
    """

    pool: str
    name: str
    state: str
    why: str
    check: CheckSeen | None
    agent: CheckSeen | None
    changes: Sequence[ChangeSeen]


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt: of which server, and what came of it; None if it has no check."""

    pool: str
    server: str
    report: Report | None


class OperatingHealth:
    """Looks into the health checks of what runs.

    Args:
        turns: does what takes long.
        running: what is at work; raises OperatingError if nothing is.
    """

    def __init__(self, turns: Turns, running: Callable[[], RunningSite]) -> None:
        self._turns = turns
        self._running = running
        self._trying: dict[Deferred[Report], Attempt] = {}

    def show(self, names: Sequence[str] = ()) -> Deferred[Sequence[HealthSeen]]:
        """The health of servers, of all if none is named.

        Args:
            names: as of ``named_servers``.

        Raises:
            NoServer: there is no such server, or several are.
        """
        running = self._running()
        servers = named_servers(running.site, names) if names else [
            (pool, member) for pool in running.site.pools.values() for member in pool.members
        ]  # fmt: skip
        return self._turns.do(self._show(running, servers))

    def _show(
        self, running: RunningSite, servers: Sequence[tuple[Pool, Member]]
    ) -> Steps[Sequence[HealthSeen]]:
        told: list[HealthSeen] = []
        changes: dict[str, dict[str, list[ChangeSeen]]] = {}
        for pool, member in servers:
            if pool.name not in changes:
                changes[pool.name] = _by_server(pool.history)
            told.append(
                HealthSeen(
                    pool.name,
                    member.name,
                    member.state,
                    member.why,
                    _check(running.checks, member),
                    _check(running.agents, member),
                    changes[pool.name].get(member.name, ()),
                )
            )
            yield
        return told

    def try_now(self, name: str) -> Deferred[Tried]:
        """Probe one server now, with no effect on its state.

        Args:
            name: of the server, as of ``app.health_try.chosen``.

        Returns:
            Fires with the attempt in full; fails with OperatingError if all is over before.

        Raises:
            NoServer: there is no such server, or several are.
        """
        running = self._running()
        ((pool, member),) = named_servers(running.site, [name])[:1]
        if running.checks.state_of(member) is None:
            return succeed(Tried(pool.name, member.name, None))
        tried: Deferred[Report] = Deferred()

        def told(report: Report) -> None:
            self._trying.pop(tried, None)
            tried.callback(report)

        self._trying[tried] = running.checks.try_now(member, told)
        return tried.addCallback(lambda report: Tried(pool.name, member.name, report))

    def stop(self) -> None:
        """All is over: give up what is tried."""
        for tried, attempt in [*self._trying.items()]:
            attempt.cancel()
            tried.errback(OperatingError("it has stopped meanwhile"))
        self._trying.clear()


def _by_server(history: Sequence[StateChange]) -> dict[str, list[ChangeSeen]]:
    found: dict[str, list[ChangeSeen]] = {}
    for each in history:
        seen = ChangeSeen(each.time, each.before, each.state, each.by, each.reason)
        found.setdefault(each.server, []).append(seen)
    return found


def _check(checks: Checks, member: Member) -> CheckSeen | None:
    state: WatchState | None = checks.state_of(member)
    if state is None:
        return None
    return CheckSeen(
        state.check,
        state.place,
        state.timing.interval,
        state.timing.timeout,
        state.up if state.known else None,
        state.reason,
        state.attempts,
        state.asked or None,
        round(state.took, 6),
        None if state.failure is None else report_told(state.failure),
    )
