"""Slow start: the share of a server that came back rises, so that it is not overrun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pointsman.core.members import Member
from pointsman.core.server_states import DISABLED, DOWN, EJECTED, MAINTENANCE
from pointsman.model.pool_settings import QUADRATIC

# What it is given at the very beginning: not nothing, or it would never show what it can do.
LEAST: Final = 0.01

# Who comes from one of these may be cold. Who was drained has never stopped working, and what is
# still being checked has just been started with us.
_COLD: Final = (DOWN, DISABLED, EJECTED, MAINTENANCE)


def part(elapsed: float, seconds: float, curve: str) -> float:
    """The part of its share that a server is given, from LEAST to 1.0.

    Args:
        elapsed: seconds since it came back.
        seconds: that a slow start takes.
        curve: LINEAR or QUADRATIC.
    """
    if elapsed >= seconds:
        return 1.0
    done = max(elapsed / seconds, 0.0)
    return max(done * done if curve == QUADRATIC else done, LEAST)


def comes_back(member: Member, before: str) -> bool:
    """Whether a member that was in the state ``before`` has just come back."""
    return member.works and before in _COLD


def advance(members: Sequence[Member], seconds: float, curve: str, now: float) -> None:
    """Let the share of those rise that start slowly; called now and then.

    Args:
        members: of one pool.
        seconds: that a slow start takes, 0.0 ends all of them.
        curve: LINEAR or QUADRATIC.
        now: monotonic seconds.
    """
    for member in members:
        if member.ramp >= 1.0:
            continue
        if member.ramp_began < 0:
            member.ramp_began = now
        member.set_ramp(part(now - member.ramp_began, seconds, curve))


class Turns:
    """Which of the picks of a scheduler that heeds no weight are granted to who starts slowly.

    It is picked as often as any other; of these picks it gets the part that its share has reached,
    evenly spread.
    """

    __slots__ = ("_credit",)

    def __init__(self) -> None:
        self._credit = 0.0

    def grants(self, member: Member) -> bool:
        """Whether this pick is granted."""
        self._credit += member.ramp
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True
