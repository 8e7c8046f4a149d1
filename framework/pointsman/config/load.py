"""A configuration file to validated settings, or everything that is wrong with it at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from pointsman.config.choice import Reading
from pointsman.config.includes import Gathered, Source, gather, read_file
from pointsman.config.listening import listening_problems
from pointsman.config.parts import Parts
from pointsman.config.problems import problem_at, problems_of, shown
from pointsman.config.registry import Registry
from pointsman.config.schema import VERSION, Document
from pointsman.config.schema_pool import PoolSection
from pointsman.config.sections import document_with
from pointsman.config.steps import Steps, at_once
from pointsman.config.tree import Positions, plant_mapping
from pointsman.config.validated import Validated, validated
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError, PluginError, Problem


@dataclass(frozen=True, slots=True)
class Configuration:
    """Validated settings, and where each of them was written.

    Attributes:
        settings: the whole document.
        positions: where every value stands.
        warnings: what may be used but is hardly meant.
        sources: the files as they were read; empty if it came from a mapping.
        patterns: of files that are included, absolute.
        parts: what was read of them, not to be read again.
        known: what is valid of it, likewise.
    """

    settings: Document
    positions: Positions
    warnings: tuple[Problem, ...] = ()
    sources: tuple[Source, ...] = ()
    patterns: tuple[str, ...] = ()
    parts: Parts = field(default_factory=dict, repr=False, compare=False)
    known: Validated = field(default_factory=Validated, repr=False, compare=False)


def load(
    path: str | File, registry: Registry, environ: Mapping[str, str] = os.environ
) -> Configuration:
    """Read a file and what it includes.

    Args:
        path: of the file.
        registry: what plugins offer; modules named under ``plugins`` are added to it.
        environ: where secrets given as ``{env: NAME}`` are found.

    Raises:
        ConfigError: with all problems that were found.
    """
    return at_once(load_steps(path, registry, environ))


def load_steps(
    path: str | File,
    registry: Registry,
    environ: Mapping[str, str] = os.environ,
    before: Configuration | None = None,
) -> Steps[Configuration]:
    """The same in steps.

    Args:
        path, registry, environ: as above.
        before: what was loaded before with the same registry and environment. What is written as
            it was is neither read nor validated again: sections of ``settings`` are the same.

    Raises:
        ConfigError: with all problems that were found.
    """
    try:
        text = read_file(File(path))
    except ValueError as error:
        raise ConfigError([Problem(str(path), 0, 0, "", f"cannot read it: {error}")]) from None
    yield
    gathered = yield from gather(text, str(path), before.parts if before is not None else {})
    return (yield from _validated(gathered, registry, environ, before))


def load_text(
    text: str, name: str, registry: Registry, environ: Mapping[str, str] = os.environ
) -> Configuration:
    """Read the text of a configuration; ``name`` is its path, for messages and includes.

    Raises:
        ConfigError: with all problems that were found.
    """
    return at_once(_validated(at_once(gather(text, name, {})), registry, environ, None))


def load_mapping(
    mapping: Mapping[str, Any],
    registry: Registry,
    environ: Mapping[str, str] = os.environ,
    name: str = "configuration",
) -> Configuration:
    """Read a configuration given in code, with the same keys and units as in YAML.

    Raises:
        ConfigError: with all problems that were found; they have no lines.
    """
    problems: list[Problem] = []
    root = plant_mapping(mapping, name, problems)
    if root.children.pop("include", None) is not None:
        problems.append(Problem(name, 0, 0, "include", "only a file can include others"))
    root.value = {key: child.value for key, child in root.children.items()}
    return at_once(_validated(Gathered(root, problems=problems), registry, environ, None))


def _validated(
    gathered: Gathered,
    registry: Registry,
    environ: Mapping[str, str],
    before: Configuration | None,
) -> Steps[Configuration]:
    positions = Positions(gathered.root)
    # A section whose lines are all commented out is as good as none.
    raw = {key: value for key, value in gathered.root.value.items() if value is not None}
    problems = gathered.problems
    problems += _load_plugins(raw.get("plugins"), registry, positions)
    problems += _version_problems(raw, positions)
    problems += _names_in_place(raw, positions)
    pools = raw.get("pools")
    reading = Reading(registry, frozenset(pools if isinstance(pools, dict) else ()), environ)
    yield
    known = yield from validated(raw, reading, before.known if before is not None else Validated())
    services = known.section("virtual_services")
    problems += listening_problems(raw.get("virtual_services"), positions, services)
    yield
    sections = {key: known.section(key) for key in known.whole}
    rest = {key: value for key, value in raw.items() if key not in sections}
    model = Document
    try:
        model = document_with(registry)
        settings = model.model_validate(rest, context=reading).model_copy(update=sections)
    except PluginError as error:
        problems += [problem_at(positions, (), str(error))]
        raise ConfigError(_sorted(problems, gathered.sources)) from None
    except ValidationError as error:
        problems += problems_of(error, model, positions)
        raise ConfigError(_sorted(problems, gathered.sources)) from None
    if problems:
        raise ConfigError(_sorted(problems, gathered.sources))
    yield
    warnings = [*gathered.warnings, *_warnings(settings, positions)]
    return Configuration(
        settings,
        positions,
        tuple(_sorted(warnings, gathered.sources)),
        tuple(gathered.sources),
        tuple(gathered.patterns),
        gathered.parts,
        known,
    )


def _sorted(problems: Sequence[Problem], sources: Sequence[Source]) -> list[Problem]:
    """Every problem once, in the order in which a reader of the files meets them."""
    order = {source.name: place for place, source in enumerate(sources)}
    distinct = dict.fromkeys(problems)
    return sorted(distinct, key=lambda p: (order.get(p.file, len(order)), p.line, p.column))


def _load_plugins(raw: object, registry: Registry, positions: Positions) -> Iterator[Problem]:
    for index, module in enumerate(raw if isinstance(raw, list) else ()):
        if not isinstance(module, str):
            continue  # validation says so
        try:
            registry.load_module(module)
        except PluginError as error:
            cause = error.__cause__  # it may be another module that this one wants
            missing = isinstance(cause, ModuleNotFoundError) and f"{module}.".startswith(
                f"{cause.name}."
            )
            hint = "it must be installed, or on PYTHONPATH" if missing else ""
            yield problem_at(positions, ("plugins", index), str(error), hint)
    try:
        registry.check_pending()
    except PluginError as error:
        yield problem_at(positions, ("plugins",), str(error), key=True)


def _version_problems(raw: Mapping[str, Any], positions: Positions) -> Iterator[Problem]:
    hint = f"begin the file with `version: {VERSION}`"
    if "version" not in raw:
        mark = positions.root.mark
        message = "this is required but missing"
        yield Problem(mark.file, mark.line, mark.column, "version", message, hint)
    elif type(raw["version"]) is not int or raw["version"] != VERSION:
        message = f"expected {VERSION}, got {shown(raw['version'])}"
        yield problem_at(positions, ("version",), message)


def _names_in_place(raw: Mapping[str, Any], positions: Positions) -> Iterator[Problem]:
    """A pool written in place is named after its service: that name must be free."""
    pools, services = raw.get("pools"), raw.get("virtual_services")
    if not isinstance(pools, dict) or not isinstance(services, dict):
        return
    for name, service in services.items():
        if name in pools and isinstance(service, dict) and isinstance(service.get("pool"), dict):
            yield problem_at(
                positions,
                ("virtual_services", name, "pool"),
                f"a pool in place is named after its service, and there is a pool {name!r} already",
                "rename one of them, or write the pool under `pools`",
            )


def _warnings(settings: Document, positions: Positions) -> Iterator[Problem]:
    services = settings.virtual_services
    used = {name for service in services.values() for name in service.pool_names()}
    for name, pool in settings.pools.items():
        if name not in used:
            path = ("pools", name)
            yield problem_at(positions, path, "no virtual service uses this pool", key=True)
        yield from _same_servers(pool, positions, ("pools", name))
    for name, service in services.items():
        if isinstance(service.pool, PoolSection):
            yield from _same_servers(service.pool, positions, ("virtual_services", name, "pool"))


def _same_servers(
    pool: PoolSection, positions: Positions, path: tuple[str, ...]
) -> Iterator[Problem]:
    first: dict[Address | str, str] = {}
    for name, server in pool.servers.items():
        place = server.address or server.endpoint or f"local:{server.local}"
        if place in first:
            message = f"the same address as server {first[place]!r}, so it gets two shares"
            yield problem_at(positions, (*path, "servers", name), message, key=True)
        first.setdefault(place, name)
