"""Draining: when it is over, and what can be told before of how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pointsman.contracts import Table
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import DRAINING
from pointsman.model.units import format_duration

UNKNOWN: Final = -1


class Forecast(NamedTuple):
    """What is left at a server that drains.

    Attributes:
        pins: clients that are pinned to it, UNKNOWN if nobody counts them.
        open: requests and tunnels under way.
        left: seconds until its drain time is over.
        empty_within: seconds after which nothing is left at the latest; None if that is up to
            those that are open, as they are not cut.
    """

    pins: int
    open: int
    left: float
    empty_within: float | None

    def __str__(self) -> str:
        pins = "pins are not counted" if self.pins == UNKNOWN else f"{self.pins} pinned clients"
        left = format_duration(float(round(self.left)))
        if self.empty_within == 0.0:
            when = "nothing is left"
        elif self.empty_within is None:
            when = "empty when those that are open have ended"
        else:
            when = f"empty within {format_duration(float(round(self.empty_within)))}"
        return f"{pins}, {self.open} open, drain time ends in {left}, {when}"


def pins_by_server(pool: Pool) -> Mapping[str, int] | None:
    """How many clients are pinned to each server by name, None if nobody counts them.

    What a persistence falls back to counts as well, as its pins are honoured too.
    """
    persistence, pinning = pool.persistence, pool.pinning
    if persistence is None:
        return {}
    if pinning is None:
        return None if persistence.table is None else persistence.table.counts()
    counted: dict[str, int] = {}
    seen: list[Table] = []
    for kind in pinning.kinds:
        table = kind.persistence.table
        if table is None:
            return None
        if not any(table is other for other in seen):
            seen.append(table)
            for name, count in table.counts().items():
                counted[name] = counted.get(name, 0) + count
    return counted


def pins_of(pool: Pool, member: Member) -> int:
    """How many clients are pinned to a member, UNKNOWN if nobody counts them."""
    counted = pins_by_server(pool)
    return UNKNOWN if counted is None else counted.get(member.name, 0)


def forecast(pool: Pool, member: Member, now: float) -> Forecast:
    """What is left at a member that drains.

    Args:
        pool: whose member it is.
        member: the one that drains.
        now: monotonic seconds.
    """
    settings = pool.settings
    since = now - member.drain_began if member.drain_began >= 0 else 0.0
    left = max(settings.drain_time - since, 0.0)
    pins = pins_of(pool, member)
    within: float | None
    if not pins and not member.active:
        within = 0.0
    elif member.active and not settings.drop_at_drain_end:
        within = None
    else:
        within = left
    return Forecast(pins, member.active, left, within)


def end_drains(pool: Pool, now: float) -> None:
    """Let those be disabled whose drain time is over, or who have nothing left; about each second.

    Args:
        pool: whose members they are.
        now: monotonic seconds.
    """
    for member in pool.members:
        if member.admin != DRAINING:
            continue
        if member.drain_began < 0:
            member.drain_began = now
        if now - member.drain_began >= pool.settings.drain_time:
            member.end_drain(f"drain time {format_duration(pool.settings.drain_time)} is over")
        elif not member.active and not pins_of(pool, member):
            member.end_drain("nothing was left to drain")
