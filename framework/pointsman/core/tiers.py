"""Priorities: which servers of a pool get new work, worked out when one of them changes."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.core.members import Member


def works(member: Member) -> bool:
    """Whether it is fit for new work, be it over its limit for a moment."""
    return member.works and member.weight > 0


def active(members: Sequence[Member], minimum: int) -> tuple[Member, ...]:
    """Those of the priorities that are in use, the first one and as many more as are needed.

    Args:
        members: of one pool, in the order of the configuration.
        minimum: the next priority joins in while fewer than so many of those before it work.
    """
    priorities = sorted({member.server.priority for member in members})
    if len(priorities) < 2:
        return tuple(members)
    last = priorities[0]
    working = 0
    for priority in priorities:
        last = priority
        working += sum(works(each) for each in members if each.server.priority == priority)
        if working >= minimum:
            break
    return tuple(member for member in members if member.server.priority <= last)


def why_shut(members: Sequence[Member], minimum: int) -> str:
    """Why a pool must not take any work although it might, in words; "" if it may.

    Args:
        members: of the pool.
        minimum: so many must work.
    """
    for member in members:
        if member.server.critical and not works(member):
            return f"{member.name} is critical and {member.state}: {member.why}"
    working = sum(works(member) for member in members)
    if 0 < working < minimum:
        return f"{working} of {len(members)} servers work, {minimum} are needed"
    return ""


def panics(members: Sequence[Member], below: float) -> bool:
    """Whether so few servers work that their health is to be ignored.

    Args:
        members: of the pool.
        below: share of the servers that are wanted, 0.0 never panics.
    """
    wanted = [member for member in members if member.wanted]
    return bool(wanted) and sum(works(member) for member in wanted) < below * len(wanted)
