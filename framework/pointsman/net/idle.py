"""Unused upstream connections, kept for the next exchange with the same member."""

from __future__ import annotations

from typing import Protocol

from pointsman.core.members import Member
from pointsman.core.ports import Asking


class Idle(Protocol):
    """A connection that can wait here."""

    member: Member

    def taken_by(self, asking: Asking) -> None:
        """An exchange takes it."""

    def close(self) -> None:
        """It is not wanted any more."""


class IdleConnections:
    """A stack of connections for each member.

    The last one put back is taken first: it is the least likely to have been closed by the server
    meanwhile, and those at the bottom reach their idle timeout when there are too many.
    """

    __slots__ = ("_stacks",)

    def __init__(self) -> None:
        self._stacks: dict[Member, list[Idle]] = {}

    def take(self, member: Member) -> Idle | None:
        """An idle connection of that member, which is then the caller's, or None."""
        stack = self._stacks.get(member)
        return stack.pop() if stack else None

    def put(self, connection: Idle, most: int) -> bool:
        """Keep a connection; False if there are ``most`` already (0 keeps none)."""
        stack = self._stacks.get(connection.member)
        if stack is None:
            stack = self._stacks[connection.member] = []
        if len(stack) >= most:
            return False
        stack.append(connection)
        return True

    def remove(self, connection: Idle) -> None:
        """It was closed; fine if it was not here."""
        stack = self._stacks.get(connection.member)
        if stack and connection in stack:
            stack.remove(connection)

    def close_all(self, member: Member | None = None) -> None:
        """Close what is idle, of one member or of all."""
        members = [member] if member is not None else list(self._stacks)
        for each in members:
            for connection in self._stacks.pop(each, []):
                connection.close()

    def __len__(self) -> int:
        return sum(len(stack) for stack in self._stacks.values())
