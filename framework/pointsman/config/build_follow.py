"""Servers whose health is that of another one: the key ``follow``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pointsman.config.nearest import nearest
from pointsman.config.problems import problem_at
from pointsman.config.schema_pool import PoolSection
from pointsman.config.tree import Path, Positions
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.errors import Problem


def wrong_follows(
    sections: Mapping[str, tuple[PoolSection, Path]], positions: Positions
) -> Iterator[Problem]:
    """Every ``follow`` that leads nowhere, or in a circle.

    Args:
        sections: of each pool its settings, and where they stand.
        positions: where everything stands.
    """
    for pool, (section, path) in sections.items():
        for name, server in section.servers.items():
            if not server.follow:
                continue
            where = (*path, "servers", name, "follow")
            message, hint = _wrong(pool, name, server.follow, sections)
            if message:
                yield problem_at(positions, where, message, hint)


def _wrong(
    pool: str, name: str, follow: str, sections: Mapping[str, tuple[PoolSection, Path]]
) -> tuple[str, str]:
    to_pool, slash, to_name = follow.rpartition("/")
    if not slash:
        return f"expected POOL/SERVER, got {follow!r}", ""
    if to_pool not in sections:
        return f"there is no pool {to_pool!r}", nearest(to_pool, sections)
    servers = sections[to_pool][0].servers
    if to_name not in servers:
        return f"there is no server {to_name!r} in {to_pool!r}", nearest(to_name, servers)
    if (to_pool, to_name) == (pool, name):
        return "a server cannot follow itself", ""
    if further := servers[to_name].follow:
        return f"{follow} follows another server itself", f"follow {further}"
    return "", ""


def follow(pools: Mapping[str, Pool], checked: Collection[Member]) -> None:
    """Let followers be told of the health of those whom they follow.

    Args:
        pools: all of them, by name.
        checked: members that have a health check.
    """
    members = [member for pool in pools.values() for member in pool.members]
    for member in members:
        member.followers = ()
    for member in members:
        if not member.server.follow:
            continue
        pool, _, name = member.server.follow.rpartition("/")
        followed = pools[pool].member(name)
        if followed is None:
            continue
        followed.followers = (*followed.followers, member)
        if followed in checked and followed.reason == member.reason:
            member.checking = True  # nothing is known of either
        else:
            member.set_health(followed.up, f"it follows {name}: {followed.reason}")
