"""Pools and their servers for rules: by their names, never as objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pointsman.contracts.rules import RuledPool, RuledServer, RuleRoom

Problem = tuple[None, str]
_ADMIN = {"drain": "draining", "maint": "disabled", "ready": "enabled"}


class PoolFunctions:
    """What the prelude calls about pools.

    Attributes:
        room: where they are, which is told of each reload; None before the service runs.
    """

    def __init__(self) -> None:
        self.room: RuleRoom | None = None

    @property
    def pools(self) -> Mapping[str, RuledPool]:
        """All pools of the configuration; empty before the service runs."""
        return {} if self.room is None else self.room.pools

    def _server(self, pool: str, name: str) -> RuledServer | None:
        there = self.pools.get(pool)
        return None if there is None else there.member(name)

    def server(self, pool: str, at: int) -> str | None:
        """The name of the ``at``-th server of a pool, from 1."""
        members = self.pools[pool].members
        return members[at - 1].name if at <= len(members) else None

    def field(self, pool: str, name: str, key: str) -> Any:
        """A field of a server."""
        one = self._server(pool, name)
        if one is None:
            return None
        if key == "healthy":
            return one.takes_new
        if key == "address":
            return str(one.server.address)
        return getattr(one, key)

    def do(self, pool: str, name: str, what: str, weight: float) -> Problem | None:
        """Change the state or the weight of a server."""
        one = self._server(pool, name)
        if one is None:
            return None, f"there is no server '{name}' in pool '{pool}'"
        try:
            if what == "set_weight":
                if weight != int(weight):
                    return None, "a weight is a whole number"
                one.set_weight(int(weight))
            else:
                one.set_admin(_ADMIN[what])
        except ValueError as error:
            return None, str(error)
        return None

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What the prelude calls, by name."""
        return {
            "pool_is_there": lambda name: name in self.pools,
            "pool_server": self.server,
            "pool_size": lambda name: len(self.pools[name].members),
            "pool_healthy": lambda name: len(self.pools[name].available),
            "server_field": self.field,
            "server_do": self.do,
        }
