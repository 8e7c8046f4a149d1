"""What changed between two configurations, in words: by meaning, not by lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pointsman.config.choice import Chosen
from pointsman.config.load import Configuration
from pointsman.config.schema import Document
from pointsman.config.schema_health import HealthChoice
from pointsman.config.schema_persistence import PersistenceUse
from pointsman.config.schema_pool import PoolSection, ServerSection
from pointsman.config.schema_service import ServiceSection
from pointsman.contracts import Comparable, Secret
from pointsman.model.address import Address
from pointsman.model.errors import Problem
from pointsman.model.units import format_duration

# What is told one by one, and what a name in it is called.
_POOLS, _SERVICES = "pools", "virtual_services"
# Read, but nothing that works by it.
_SILENT = {"version", "include"}
_MOST = 60  # characters of one value


@dataclass(frozen=True, slots=True)
class Plan:
    """What another configuration would change, or has changed.

    Attributes:
        configuration: that one.
        changes: one sentence for each, such as "pool web: server b: weight 1000 -> 500".
        warnings: what may be used but is hardly meant.
    """

    configuration: Configuration
    changes: tuple[str, ...]
    warnings: tuple[Problem, ...]


def differences(
    before: Document,
    after: Document,
    made_before: Mapping[str, Any] | None = None,
    made_after: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Every change in one sentence each, such as ``pool web: server b: weight 1000 -> 500``.

    Args:
        before: what was in force.
        after: what is to be.
        made_before: what plugins made of their sections, by name: files may have changed though
            no setting has.
        made_after: likewise.
    """
    yield from _named("pool", before.pools, after.pools, _pool)
    yield from _named("virtual service", before.virtual_services, after.virtual_services, _service)
    yield from _others(before, after)
    yield from _made(made_before or {}, made_after or {})


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any], tell: Any) -> Any:
    for name, section in before.items():
        if name not in after:
            yield f"{what} {name} removed"
        elif section is not after[name] and section != after[name]:
            told = [*tell(section, after[name])]
            yield from (f"{what} {name}: {one}" for one in told)
    for name in after:
        if name not in before:
            yield f"{what} {name} added"


def _pool(before: PoolSection, after: PoolSection) -> Iterator[str]:
    yield from _named("server", before.servers, after.servers, _server)
    yield from _fields(before, after, {"servers"})


def _server(before: ServerSection, after: ServerSection) -> Iterator[str]:
    yield from _fields(before, after)


def _service(before: ServiceSection, after: ServiceSection) -> Iterator[str]:
    if isinstance(before.pool, PoolSection) and isinstance(after.pool, PoolSection):
        yield from _pool(before.pool, after.pool)
        yield from _fields(before, after, {"pool"})
    else:
        yield from _fields(before, after)


def _others(before: Document, after: Document) -> Iterator[str]:
    """Everything else at the top level; plugins may have offered other sections meanwhile."""
    skipped = {_POOLS, _SERVICES, *_SILENT}
    for name in dict.fromkeys([*type(before).model_fields, *type(after).model_fields]):
        if name in skipped:
            continue
        old, new = getattr(before, name, None), getattr(after, name, None)
        if isinstance(old, dict) or isinstance(new, dict):
            one = name.removesuffix("s")
            yield from _named(one, old or {}, new or {}, _fields)
        else:
            yield from _value(name, old, new)


def _made(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, new in after.items():
        old = before.get(name)
        if type(old) is type(new) and isinstance(new, Comparable) and old != new:
            yield from new.changed_from(old)


def _fields(before: Any, after: Any, skipped: frozenset[str] | set[str] = frozenset()) -> Any:
    if type(before) is not type(after) or not isinstance(before, BaseModel):
        yield from _value("", before, after)
        return
    for name in type(before).model_fields:
        if name not in skipped:
            yield from _value(name, getattr(before, name), getattr(after, name))


def _value(name: str, before: Any, after: Any) -> Iterator[str]:
    """One setting, or all that are below it."""
    if before == after:
        # A default that is written out now is no change.
        return
    dot = f"{name}." if name else ""
    match before, after:
        case HealthChoice(), HealthChoice():
            yield from _value(name, before.chosen, after.chosen)
            for told in _fields(before.common, after.common):
                yield dot + told
        case PersistenceUse(), PersistenceUse():
            if [kind.name for kind in before.kinds] == [kind.name for kind in after.kinds]:
                for old, new in zip(before.kinds, after.kinds, strict=True):
                    yield from _value(name, old, new)
            else:
                yield f"{name} {_told(before)} -> {_told(after)}"
            for told in _fields(before.common, after.common, {"fallback"}):
                yield dot + told
        case Chosen(), Chosen() if before.name == after.name:
            for told in _fields(before.options, after.options):
                yield dot + told
            yield from _value(f"{dot}table", before.table, after.table)
        case tuple(), tuple() if before and len(before) == len(after) and _are_chosen(before):
            for place, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from _value(f"{name}[{place}]", old, new)
        case Mapping(), Mapping():
            for key in dict.fromkeys([*before, *after]):
                yield from _value(f"{dot}{key}", before.get(key), after.get(key))
        case BaseModel(), BaseModel() if type(before) is type(after):
            for told in _fields(before, after):
                yield dot + told
        case _:
            yield f"{name} {_told(before)} -> {_told(after)}".strip()


def _are_chosen(values: tuple[object, ...]) -> bool:
    return all(isinstance(each, Chosen) for each in values)


def _told(value: object) -> str:
    """A value for people, on one line and not too long."""
    match value:
        case None | "" | ():
            return "none"
        case Mapping():
            return _short(_listed(value)) if value else "none"
        case True | False:
            return str(value).lower()
        case float():
            return format_duration(value)
        case HealthChoice():
            return value.chosen.name
        case Chosen():
            return str(getattr(value.options, "file", "") or value.name)
        case PersistenceUse():
            names = ", else ".join(kind.name for kind in value.kinds)
            return names or f"that of {value.common.share_with}"
        case PoolSection():
            return "a pool in place"
        case Secret():
            return "a secret"
        case Address():
            return str(value)
        case tuple() | list() | set() | frozenset():
            return _short(", ".join(map(_told, value)))
        case BaseModel():
            written = {name: getattr(value, name) for name in sorted(value.model_fields_set)}
            return _short(_listed(written))
    return _short(str(value))


def _listed(values: Mapping[str, object]) -> str:
    return f"{{{', '.join(f'{key}: {_told(one)}' for key, one in values.items())}}}"


def _short(text: str) -> str:
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= _MOST else plain[: _MOST - 3] + "..."
