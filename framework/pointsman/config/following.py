"""Pins that two pools share: who follows whom, and whether that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from pointsman.config.choice import Chosen
from pointsman.config.nearest import nearest
from pointsman.config.problems import problem_at
from pointsman.config.schema import Document
from pointsman.config.schema_persistence import SHARE_WITH, PersistenceUse
from pointsman.config.schema_pool import PoolSection
from pointsman.config.tree import Path, Positions
from pointsman.model.errors import Problem


def pool_sections(settings: Document) -> Iterator[tuple[str, PoolSection, Path]]:
    """Every pool of the configuration with its name and place, those written in place last."""
    for name, section in settings.pools.items():
        yield name, section, ("pools", name)
    for name, service in settings.virtual_services.items():
        if isinstance(service.pool, PoolSection):
            yield name, service.pool, ("virtual_services", name, "pool")


def followed(settings: Document) -> Mapping[str, str]:
    """Name of each pool that has no pins of its own -> of the pool whose pins it has.

    Those that cannot be are left out: ``following_problems`` tells of them.
    """
    sections = {name: section for name, section, _ in pool_sections(settings)}
    found: dict[str, str] = {}
    for name, section in sections.items():
        target = _target(settings, section.persistence)
        if target in sections and target != name and not _shares(sections[target]):
            found[name] = target
    return found


def following_problems(settings: Document, positions: Positions) -> Iterator[Problem]:
    """What is in the way of sharing pins, for each that wants to."""
    pools = {name: (section, path) for name, section, path in pool_sections(settings)}
    for name, (section, path) in pools.items():
        use = section.persistence
        if use is None or not use.common.share_with:
            continue
        written = use.common.share_with
        message, hint = "", ""
        target = _target(settings, use)
        if target not in pools:
            message = f"there is no pool or virtual service {written!r}"
            hint = nearest(written, {*pools, *settings.virtual_services}, "known here")
        elif target == name:
            message = "a pool has its own pins anyway"
            hint = "name another pool, or remove this key"
        else:
            there = pools[target][0]
            if there.persistence is None:
                message = f"{written} has no persistence"
                hint = "give it one, or give this pool its own"
            elif _shares(there):
                message = f"{written} has no pins of its own, it shares those of "
                message += repr(there.persistence.common.share_with)
                hint = f"write `{SHARE_WITH}: {there.persistence.common.share_with}`"
            elif differs := _difference(section, there):
                message = f"pins cannot be shared with {written}: {differs}"
                hint = "make both the same; `share_with` alone takes all options from there"
        if message:
            where = positions.known((*path, "persistence", SHARE_WITH))
            yield problem_at(positions, where, message, hint)


def _shares(section: PoolSection) -> bool:
    return section.persistence is not None and bool(section.persistence.common.share_with)


def _target(settings: Document, use: PersistenceUse | None) -> str:
    """Name of the pool that is meant, "" for none; a service stands for its pool."""
    written = use.common.share_with if use is not None else ""
    if written in settings.pools:
        return written
    service = settings.virtual_services.get(written)
    return service.pool if service is not None and isinstance(service.pool, str) else written


def _difference(here: PoolSection, there: PoolSection) -> str:
    """What is not the same in the two, in words; "" if all is."""
    only_here = here.servers.keys() - there.servers.keys()
    only_there = there.servers.keys() - here.servers.keys()
    if only_here or only_there:
        parts = []
        if only_here:
            parts.append(f"only here there is {', '.join(sorted(only_here))}")
        if only_there:
            parts.append(f"only there is {', '.join(sorted(only_there))}")
        return "the names of the servers differ, " + " and ".join(parts)
    ours, theirs = here.persistence, there.persistence
    if ours is None or theirs is None or not ours.kinds:
        return ""
    names = [each.name for each in ours.kinds], [each.name for each in theirs.kinds]
    if names[0] != names[1]:
        return f"here it is {' and then '.join(names[0])}, there {' and then '.join(names[1])}"
    unequal = [
        key
        for mine, other in zip(ours.kinds, theirs.kinds, strict=True)
        for key in _unequal(mine.options, other.options) + _unequal_table(mine, other)
    ]
    unequal += [
        key for key in _unequal(ours.common, theirs.common) if key not in (SHARE_WITH, "fallback")
    ]
    return f"{', '.join(f'`{key}`' for key in unequal)} differ" if unequal else ""


def _unequal(one: BaseModel, other: BaseModel) -> list[str]:
    return [key for key in type(one).model_fields if getattr(one, key) != getattr(other, key)]


def _unequal_table(one: Chosen, other: Chosen) -> list[str]:
    return ["table"] if one.table != other.table else []
