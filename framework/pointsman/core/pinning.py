"""What the persistence of a pool is put together from: kinds in a chain, and when they count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from pointsman.contracts import Persistence, Table
from pointsman.core.persistence_chain import Chain
from pointsman.core.persistence_when import FirstRequestOnly, SomePathsIgnored
from pointsman.model.pool_settings import MOVE_ONCE


class Kind(NamedTuple):
    """A persistence that a plugin made.

    Attributes:
        name: as used in the configuration.
        persistence: the object.
    """

    name: str
    persistence: Persistence


class Pinning:
    """The persistence of a pool, and what it is made of.

    Args:
        kinds: the first one, and those that it falls back to; at least one.
        ignored: matches paths of requests for which no pin is looked up or made, None for none.
        first_request: only the first request of a connection counts.
        over_limit: what happens to a client whose server is over its limit (model.pool_settings).

    Attributes:
        kinds: as above.
        over_limit: likewise.
        persistence: the whole.
    """

    __slots__ = ("kinds", "over_limit", "persistence")

    def __init__(
        self,
        kinds: Sequence[Kind],
        ignored: re.Pattern[bytes] | None = None,
        first_request: bool = False,
        over_limit: str = MOVE_ONCE,
    ) -> None:
        self.kinds = tuple(kinds)
        self.over_limit = over_limit
        whole = self.kinds[-1].persistence
        for kind in reversed(self.kinds[:-1]):
            whole = Chain(kind.persistence, whole)
        if first_request:
            whole = FirstRequestOnly(whole)
        if ignored is not None:
            whole = SomePathsIgnored(whole, ignored)
        self.persistence: Persistence = whole


def tables_of(pinnings: Iterable[Pinning | None]) -> tuple[Table, ...]:
    """Where the pins are, each table once: pools may share them."""
    tables: list[Table] = []
    for pinning in pinnings:
        for kind in pinning.kinds if pinning is not None else ():
            table = kind.persistence.table
            if table is not None and not any(table is there for there in tables):
                tables.append(table)
    return tuple(tables)


def readable(persistence: Persistence, key: bytes) -> str:
    """A key as people may read it."""
    return persistence.shown(key) or digest(key)


def digest(key: bytes) -> str:
    """What stands for a key that is a secret: the same for the same key, and of no use else."""
    return "#" + blake2b(key, digest_size=8).hexdigest()
