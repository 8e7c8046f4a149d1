"""Who waits for a server that is over its limit: in order, bounded in number and in time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from pointsman.core.members import Member


class Waiter(Protocol):
    """An exchange or connection that waits."""

    def slot_free(self) -> None:
        """There is room, or there is nothing to hope for any more: choose again."""

    def waited_too_long(self) -> None:
        """Its time is over."""


class Ticket:
    """The place of one waiter (core.ports.Opening).

    Attributes:
        waiter: who is told.
        member: the one it waits for, None for any.
        tried: members that failed for it already.
        number: later ones have higher numbers.
        late_at: when it has waited too long, monotonic seconds.
    """

    __slots__ = ("_waiting", "late_at", "member", "number", "tried", "waiter")

    def __init__(
        self,
        waiting: Waiting,
        waiter: Waiter,
        member: Member | None,
        tried: tuple[Member, ...],
        number: int,
        late_at: float,
    ) -> None:
        self._waiting = waiting
        self.waiter = waiter
        self.member = member
        self.tried = tried
        self.number = number
        self.late_at = late_at

    def cancel(self) -> None:
        """It waits no longer, and hears nothing more."""
        self._waiting.leave(self)


class Waiting:
    """The waiters of one pool.

    Args:
        size: so many may wait.
        timeout: seconds that each may wait.

    Attributes:
        count: so many do wait.
    """

    __slots__ = ("_for_any", "_for_one", "_number", "count", "size", "timeout")

    def __init__(self, size: int, timeout: float) -> None:
        self.size = size
        self.timeout = timeout
        self.count = 0
        self._number = 0
        self._for_any: OrderedDict[Ticket, None] = OrderedDict()
        self._for_one: dict[Member, OrderedDict[Ticket, None]] = {}

    def join(
        self, waiter: Waiter, member: Member | None, tried: tuple[Member, ...], now: float
    ) -> Ticket | None:
        """Let one wait; None if there are too many already.

        Args:
            waiter: who is told.
            member: the only one that will do, None for any but those tried.
            tried: members that failed for it already.
            now: monotonic seconds.
        """
        if self.count >= self.size:
            return None
        self._number += 1
        ticket = Ticket(self, waiter, member, tried, self._number, now + self.timeout)
        if member is None:
            self._for_any[ticket] = None
        else:
            self._for_one.setdefault(member, OrderedDict())[ticket] = None
        self.count += 1
        return ticket

    def leave(self, ticket: Ticket) -> bool:
        """That one waits no longer; whether it did until now."""
        member = ticket.member
        queue = self._for_any if member is None else self._for_one.get(member)
        if queue is None or ticket not in queue:
            return False
        del queue[ticket]
        self.count -= 1
        if member is not None and not queue:
            del self._for_one[member]
        return True

    def serve(self, available: tuple[Member, ...], hope: bool) -> bool:
        """Let the next one go for which there is room.

        Args:
            available: who takes new work.
            hope: whether any other could take it once it has room.

        Returns:
            Whether there was one. Then ``available`` may be another now.
        """
        ticket = self._next(available, hope)
        if ticket is None:
            return False
        self.leave(ticket)
        ticket.waiter.slot_free()
        return True

    def _next(self, available: tuple[Member, ...], hope: bool) -> Ticket | None:
        found: Ticket | None = None
        if available or not hope:
            for ticket in self._for_any:
                if not hope or not ticket.tried or any(m not in ticket.tried for m in available):
                    found = ticket
                    break
        for member, queue in self._for_one.items():
            if member.takes_pinned or not member.keeps_pins:
                first = next(iter(queue))
                if found is None or first.number < found.number:
                    found = first
        return found

    def expire(self, now: float) -> None:
        """Tell those that have waited too long; called now and then.

        Args:
            now: monotonic seconds.
        """
        if not self.count:
            return
        late = [
            ticket
            for queue in (self._for_any, *self._for_one.values())
            for ticket in _late(queue, now)
        ]
        for ticket in late:
            if self.leave(ticket):  # unless it went while another one was told
                ticket.waiter.waited_too_long()


def _late(queue: OrderedDict[Ticket, None], now: float) -> list[Ticket]:
    late: list[Ticket] = []
    for ticket in queue:  # all wait equally long, so they are late in order
        if ticket.late_at > now:
            break
        late.append(ticket)
    return late
