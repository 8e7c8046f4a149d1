"""Which servers are meant by what an operator has typed."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pointsman.app.health_try import NoServer, chosen
from pointsman.config.draft import Site
from pointsman.core.members import Member
from pointsman.core.pool import Pool


def named_servers(site: Site, names: Sequence[str]) -> list[tuple[Pool, Member]]:
    """The servers of these names, each once, in the order of the names.

    Args:
        site: where they are.
        names: POOL/SERVER, or SERVER alone where no other pool has one of that name; ``*`` and
            ``?`` stand for any text and any character of POOL/SERVER.

    Raises:
        NoServer: one name is none, or that of several servers; or there is no name.
    """
    meant: list[tuple[Pool, Member]] = []
    for name in names:
        if not {"*", "?"} & {*name}:
            meant.append(chosen(site, name))
            continue
        pattern = name.replace("[", "[[]")
        found = [
            (pool, member)
            for pool in site.pools.values()
            for member in pool.members
            if fnmatchcase(f"{pool.name}/{member.name}", pattern)
        ]
        if not found:
            raise NoServer(f"no POOL/SERVER is like {name!r}")
        meant += found
    if not meant:
        raise NoServer("no server is named")
    return [*dict.fromkeys(meant)]
