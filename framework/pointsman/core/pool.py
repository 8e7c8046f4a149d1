"""A pool chooses the member for an arrival: its pin if there is one, else the scheduler."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from pointsman.contracts import Arrival, Candidate, Persistence, Scheduler
from pointsman.core.members import Member, Told
from pointsman.core.outliers import CheckNow, Outliers
from pointsman.core.pinning import Pinning
from pointsman.core.server_states import StateChange
from pointsman.core.slow_start import LEAST, Turns, advance, comes_back
from pointsman.core.tiers import active, panics, why_shut, works
from pointsman.core.waiting import Ticket, Waiter, Waiting
from pointsman.model.pool_settings import MOVE_ONCE, QUEUE, PoolSettings

# How a member was chosen; the word goes into the access log.
PINNED: Final = "pinned"
NEW: Final = "new"
UNPINNED: Final = "none"
BOUND: Final = "bound"  # the client is logged in on a connection to it

PinMade = Callable[[str, str, str], None]
# Chooses among candidates before the scheduler does; None leaves it to the scheduler.
Select = Callable[[Sequence[Member]], Member | None]

# So many changes of the states of its servers are remembered.
REMEMBERED: Final = 200


class Pool:
    """A named set of members with its scheduler and persistence.

    ``available`` is worked out when a member changes, not when a request comes.

    Attributes:
        name: as written in the configuration.
        members: all of them, in the order of the configuration.
        scheduler: picks for new work.
        persistence: remembers who belongs where, or None.
        available: the members that may take new work now.
        hopes: somebody could take new work, if only there was room.
        shut: why it takes no work at all, in words; "" if it does.
        panics: so few work that health is ignored.
        waiting: who waits for room; None if nobody may.
        full: the member that the last ``choose`` would have returned, had it room; None if it is
            not the one pinned member that is in the way.
        crowded: limits alone were in the way of who was not let wait last.
        unmet: so many choices in a row met no pin that could be used.
        nothing_to_pin: so many of these, up to the last one, had nothing to go by.
        how: how the last ``choose`` decided: PINNED, NEW or UNPINNED.
        prepare: ``persistence.request`` if it wants to change requests, else None.
        first_byte: ``scheduler.first_byte`` if it wants to be told, else None.
        hears_answers: somebody wants to know of answers: ``first_byte``, ``learn`` or ``outliers``.
        outliers: looks for members that answer badly; None if nobody does.
        learn: ``persistence.response`` if it wants to see responses, else None.
        settings: how it treats its servers.
        scheduling: name of the scheduler in the configuration, "" if that is not known.
        scheduling_goes_by: what that goes by, in words; likewise.
        pinning: what ``persistence`` is made of, None if that is not known or there is none.
        history: the last changes of their states, the oldest first.
        pin_made: event hooks to be told of a new pin (pool, server, client address).
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Member],
        scheduler: Scheduler,
        persistence: Persistence | None = None,
        pin_made: Sequence[PinMade] = (),
        settings: PoolSettings | None = None,
        pinning: Pinning | None = None,
    ) -> None:
        self.name = name
        self.pinning = pinning
        self.scheduling = self.scheduling_goes_by = ""
        self.settings = settings or PoolSettings()
        self.history: deque[StateChange] = deque(maxlen=REMEMBERED)
        self._told: Told | None = None
        self.members = tuple(members)
        self.scheduler = scheduler
        self.persistence = persistence
        self.pin_made = tuple(pin_made)
        # Whom the answers interest is asked once, so that those of others cost one comparison.
        self.first_byte = scheduler.first_byte if scheduler.wants_first_byte else None
        wants = persistence is not None and persistence.wants_response
        changes = persistence is not None and persistence.wants_request
        self.prepare = persistence.request if persistence is not None and changes else None
        self.learn = persistence.response if persistence is not None and wants else None
        self.hears_answers = False
        self.outliers: Outliers | None = None
        self._check_now: CheckNow | None = None
        # Schedulers that heed no weight are not granted each pick of one that starts slowly.
        self._turns = None if getattr(scheduler, "heeds_weight", True) else Turns()
        self._steady: tuple[Member, ...] | None = None
        self.available: tuple[Member, ...] = ()
        self.hopes = False
        self.shut = ""
        self.panics = False
        self._in_use: tuple[Member, ...] = ()
        self.waiting: Waiting | None = None
        self._serving = False
        self._ticked = -1.0
        self.full: Member | None = None
        self.crowded = False
        self.how = UNPINNED
        self.unmet = 0
        self.nothing_to_pin = 0
        self._by_name: dict[str, Member] = {}
        self._take_in()

    def change(
        self,
        members: Sequence[Member],
        pin_made: Sequence[PinMade],
        settings: PoolSettings | None = None,
    ) -> None:
        """Have other members from now on; work under way elsewhere goes on there."""
        before, self.members = self.members, tuple(members)
        self.pin_made = tuple(pin_made)
        self.settings = settings or self.settings
        if self.settings.slow_start and before:
            for member in self.members:
                if member not in before:
                    member.begin_ramp(LEAST)
        self._take_in()

    def checks_by(self, check_now: CheckNow) -> None:
        """Outliers may be checked at once, if the configuration wants that, by calling this."""
        self._check_now = check_now
        if self.outliers is not None:
            self.outliers.check_now = check_now

    def tells(self, told: Told) -> None:
        """Let ``told`` hear of every change of the state of a member."""
        self._told = told
        self._take_in()

    def _take_in(self) -> None:
        self._by_name = {member.name: member for member in self.members}
        for member in self.members:
            member.watched_by(self._refresh, self._state_changed)
        first = self.members[0].server.priority if self.members else 0
        settings = self.settings
        self._plain = (
            settings.minimum < 2
            and not settings.panic_below
            and not any(
                member.server.critical or member.server.priority != first for member in self.members
            )
        )
        outliers = settings.outliers
        if outliers is None:
            if self.outliers is not None:
                self.outliers.stop()
            self.outliers = None
        elif self.outliers is None:
            self.outliers = Outliers(outliers, self._check_now)
        else:
            self.outliers.settings = outliers
        if self.outliers is not None:
            self.outliers.watch(self.members)
        self.hears_answers = (
            self.first_byte is not None or self.learn is not None or self.outliers is not None
        )
        if self._plain:
            self.shut, self.panics = "", False
        self._moves_once = settings.over_limit == MOVE_ONCE
        queue = settings.queue
        if queue is None:
            waiting, self.waiting = self.waiting, None
            if waiting is not None:
                waiting.expire(float("inf"))
        elif self.waiting is None:
            self.waiting = Waiting(queue.size, queue.timeout)
        else:
            self.waiting.size, self.waiting.timeout = queue.size, queue.timeout
        self._refresh()

    @property
    def refused_pins(self) -> Mapping[str, int]:
        """How many pins that clients showed were not believed, by reason: forged, expired ..."""
        persistence = self.persistence
        return {} if persistence is None else dict(persistence.refused)

    def member(self, name: str) -> Member | None:
        """The member of that name, or None."""
        return self._by_name.get(name)

    def choose(
        self,
        arrival: Arrival,
        now: float,
        tried: tuple[Member, ...] = (),
        select: Select | None = None,
    ) -> Member | None:
        """The member that this arrival goes to, or None if nobody can take it.

        Args:
            arrival: the request or connection.
            now: monotonic seconds, for pins.
            tried: members that failed for this very arrival and are not to be chosen again.
            select: has its say before the scheduler, where there is no pin.
        """
        persistence = self.persistence
        if persistence is None:
            self.how = UNPINNED
            return self._schedule(arrival, tried, select)
        if self.shut:
            return None
        name = persistence.find(arrival, now)
        if name is not None:
            member = self._by_name.get(name)
            if member is not None and member.takes_pinned and member not in tried:
                self.how = PINNED
                self.unmet = 0
                return member
            if member is not None and member.keeps_pins and member not in tried:
                # Over its limit for a moment: the pin stays, whatever becomes of it (DESIGN 5.11).
                if self._moves_once:
                    self.how = NEW
                    return self._schedule(arrival, tried, select)
                self.how = PINNED
                self.full = member
                return None
            persistence.forget(arrival)
        self.how = UNPINNED
        if not self.unmet:
            self.nothing_to_pin = 0
        self.unmet += 1
        self.nothing_to_pin += 1
        member = self._schedule(arrival, tried, select)
        if member is not None and persistence.bind(arrival, member.name, now):
            self.how = NEW
            self.nothing_to_pin = 0
            for told in self.pin_made:
                told(self.name, member.name, arrival.client_ip)
        return member

    def _schedule(
        self, arrival: Arrival, tried: tuple[Member, ...], select: Select | None
    ) -> Member | None:
        available = self.available
        if tried:
            available = tuple(member for member in available if member not in tried)
        if not available:
            return None
        if select is not None and (selected := select(available)) is not None:
            return selected
        # A scheduler returns one of the candidates it was given, and these are members.
        picked = cast(Member, self.scheduler.pick(arrival, cast("Sequence[Candidate]", available)))
        if self._steady is not None and picked.ramp < 1.0:
            return self._instead_of(picked, arrival, tried)
        return picked

    def _instead_of(self, picked: Member, arrival: Arrival, tried: tuple[Member, ...]) -> Member:
        """Whom this arrival goes to, as the one that was picked starts slowly."""
        steady = tuple(member for member in self._steady or () if member not in tried)
        if not steady or self._turns is None or self._turns.grants(picked):
            return picked
        return cast(Member, self.scheduler.pick(arrival, cast("Sequence[Candidate]", steady)))

    def _state_changed(self, member: Member, before: str, by: str, reason: str) -> None:
        if self.settings.slow_start and comes_back(member, before):
            member.begin_ramp(LEAST)
        if self._told is not None:
            self._told(member, before, by, reason)

    def left(self, tried: tuple[Member, ...]) -> bool:
        """Whether somebody is available who was not tried."""
        return any(member not in tried for member in self.available)

    def may_wait(self, tried: tuple[Member, ...]) -> bool:
        """Whether somebody who was not tried could take it, if only there was room."""
        return (
            self.waiting is not None
            and self.hopes
            and any(works(member) and member not in tried for member in self._in_use)
        )

    def let_wait(self, waiter: Waiter, tried: tuple[Member, ...], now: float) -> Ticket | None:
        """Let one wait for whom ``choose`` has just found nobody; None if it must not.

        Args:
            waiter: who is told of room.
            tried: members that failed for it already.
            now: monotonic seconds.
        """
        full, self.full = self.full, None
        self.crowded = full is not None or (self.hopes and not tried)
        may = self.may_wait(tried) if full is None else self.settings.over_limit == QUEUE
        if self.waiting is None or not may:
            return None
        return self.waiting.join(waiter, full, tried, now)

    def tick(self, now: float) -> None:
        """Time has passed: limits of requests in a second, and of waiting. About each half second.

        Args:
            now: monotonic seconds.
        """
        passed, self._ticked = now - self._ticked if self._ticked >= 0 else 0.0, now
        for member in self.members:
            member.refill(passed)
            for follower in member.followers:
                if follower.up != member.up:
                    follower.set_health(member.up, f"it follows {member.name}: {member.reason}")
        settings = self.settings
        advance(self.members, settings.slow_start, settings.slow_start_curve, now)
        if self.outliers is not None:
            self.outliers.tick(now)
        if self.waiting is not None:
            self.waiting.expire(now)
            self._serve()

    def _refresh(self) -> None:
        members = self.members
        if not self._plain:
            members = self._of_those_in_use(members)
        self.available = tuple(member for member in members if member.takes_new)
        if self.panics:
            self.available = tuple(each for each in members if each.wanted and not each.is_full)
        self.hopes = any(works(member) for member in members)
        self._in_use = members
        if self._turns is not None:
            steady = tuple(member for member in self.available if member.ramp >= 1.0)
            self._steady = steady if 0 < len(steady) < len(self.available) else None
        if self.waiting is not None:
            self._serve()

    def _of_those_in_use(self, members: tuple[Member, ...]) -> tuple[Member, ...]:
        """The members that may get new work at all, as priorities and minimum numbers say."""
        settings = self.settings
        self.shut = why_shut(members, settings.minimum)
        self.panics = not self.shut and panics(members, settings.panic_below)
        if self.shut:
            return ()
        return members if self.panics else active(members, settings.minimum_active)

    def _serve(self) -> None:
        """Let those go on who wait, as long as there is room."""
        waiting = self.waiting
        if waiting is None or self._serving:
            return  # it is being done, and will see what has changed
        self._serving = True
        try:
            for _ in range(waiting.count):
                if not waiting.serve(self.available, self.hopes):
                    break
        finally:
            self._serving = False
