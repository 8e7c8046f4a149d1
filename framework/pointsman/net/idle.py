"""Unused upstream connections, kept for the next exchange with the same member."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from pointsman.core.members import Member
from pointsman.core.ports import Asking


class Idle(Protocol):
    """A connection that can wait here.

    Attributes:
        member: whose server it leads to.
        key: what makes it differ from other connections to that server; None if nothing can.
    """

    member: Member
    key: Hashable

    def taken_by(self, asking: Asking) -> None:
        """An exchange takes it."""

    def close(self) -> None:
        """It is not wanted any more."""


class IdleConnections:
    """A stack of connections for each member, and for each kind of connection to it.

    The last one put back is taken first: it is the least likely to have been closed by the server
    meanwhile, and those at the bottom reach their idle timeout when there are too many.
    """

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: dict[Member, dict[Hashable, list[Idle]]] = {}

    def take(self, member: Member, key: Hashable = None) -> Idle | None:
        """An idle connection of that member and key, which is then the caller's, or None."""
        stacks = self._members.get(member)
        if stacks is None:
            return None
        stack = stacks.get(key)
        if not stack:
            return None
        connection = stack.pop()
        if not stack and key is not None:
            del stacks[key]  # clients may make keys up (by Host): none is kept for nothing
        return connection

    def put(self, connection: Idle, most: int) -> bool:
        """Keep a connection; False if the member has ``most`` of that key already (0 keeps none).

        Of connections with other keys the oldest give way.
        """
        stacks = self._members.get(connection.member)
        if stacks is None:
            stacks = self._members[connection.member] = {}
        stack = stacks.get(connection.key)
        if stack is None:
            if not most:
                return False
            stack = stacks[connection.key] = []
        if len(stack) >= most:
            return False
        stack.append(connection)
        if len(stacks) > 1:
            self._make_room(stacks, most)
        return True

    def _make_room(self, stacks: dict[Hashable, list[Idle]], most: int) -> None:
        for key in list(stacks):
            if sum(map(len, stacks.values())) <= most:
                return
            stack = stacks[key]
            if stack:
                stack.pop(0).close()
            if not stack:
                del stacks[key]

    def remove(self, connection: Idle) -> None:
        """It was closed; fine if it was not here."""
        stacks = self._members.get(connection.member)
        stack = stacks.get(connection.key) if stacks else None
        if stacks and stack and connection in stack:
            stack.remove(connection)
            if not stack and connection.key is not None:
                del stacks[connection.key]

    def close_all(self, member: Member | None = None) -> None:
        """Close what is idle, of one member or of all."""
        members = [member] if member is not None else list(self._members)
        for each in members:
            for stack in self._members.pop(each, {}).values():
                for connection in stack:
                    connection.close()

    def __len__(self) -> int:
        return sum(len(stack) for stacks in self._members.values() for stack in stacks.values())
