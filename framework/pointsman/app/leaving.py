"""What a configuration no longer has, but clients still use: it is given its time, then it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twisted.logger import Logger

from pointsman.app.running_service import RunningService
from pointsman.contracts import Table, Values
from pointsman.core.members import Member

# What was cut at the end of the drain time is given this long to be really gone.
GRACE = 2.0


@dataclass(slots=True, eq=False)
class _Service:
    running: RunningService
    since: float

    @property
    def patience(self) -> float:
        return self.running.service.settings.timeouts.drain


class Leaving:
    """Services, members and tables on their way out.

    Clients of a service have the drain time of that service, and what is under way at a member
    has the drain time of its pool. Then it is cut.
    """

    log = Logger()

    def __init__(self) -> None:
        self._services: list[_Service] = []
        self._members: list[tuple[Member, float]] = []
        self._tables: list[tuple[Table | Values, float]] = []

    def __len__(self) -> int:
        return len(self._services)

    @property
    def services(self) -> Iterator[RunningService]:
        """Those that still have clients, or have just lost the last one."""
        return (leaving.running for leaving in self._services)

    @property
    def members(self) -> Iterator[tuple[Member, float]]:
        """Those that still have work under way, and when that is cut."""
        return (each for each in self._members if each[0].active)

    @property
    def open(self) -> int:
        """How many clients they have."""
        return sum(len(running.clients) for running in self.services)

    def add_service(self, running: RunningService, now: float) -> None:
        """A service was removed; its listeners are closed or somebody else's by now."""
        running.clients.drain()
        self._services.append(_Service(running, now))

    def add_member(self, member: Member, until: float) -> None:
        """A member was removed from its pool: what is under way there ends at ``until``."""
        self._members.append((member, until))

    def add_table(self, table: Table | Values, until: float) -> None:
        """A table is used by open work alone; it is closed at ``until``."""
        self._tables.append((table, until))

    def look(self, now: float, others: Iterable[RunningService]) -> None:
        """See who has gone, and end those whose time is over.

        Args:
            now: seconds of the same clock as before.
            others: the services that stay; they may have connections to members that leave.
        """
        for leaving in [*self._services]:
            self._look_at(leaving, now)
        staying: list[tuple[Member, float]] = []
        for member, until in self._members:
            late = bool(member.active) and now >= until
            if member.active and not late:
                staying.append((member, until))
                continue
            if late:
                self.log.info("{server} is removed: what is open to it is cut", server=member.name)
            for running in (*others, *self.services):
                running.leave(member, drop=late)
        self._members = staying
        for table, _ in [each for each in self._tables if each[1] <= now]:
            table.close()
        self._tables = [each for each in self._tables if each[1] > now]

    def _look_at(self, leaving: _Service, now: float) -> None:
        running, waited = leaving.running, now - leaving.since
        if waited >= leaving.patience and len(running.clients):
            running.clients.stop()
        if left := len(running.clients):
            if waited < leaving.patience + GRACE:
                return
            self.log.error(
                "{service}: {left} connections would not end",
                service=running.service.name,
                left=left,
            )
        else:
            running.let_go()
        self._services.remove(leaving)
        running.idle.close_all()
        self.log.info(
            "{service}: {counts}", service=running.service.name, counts=str(running.counts)
        )

    def stop_now(self) -> None:
        """Let nobody have more time."""
        for running in self.services:
            running.clients.stop()

    def close(self) -> None:
        """All is over: keep nothing."""
        for table, _ in self._tables:
            table.close()
        self._tables.clear()
        self._members.clear()
