"""From a configuration in any of its forms to a site that can be run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from pointsman.app.access_log import sink_to
from pointsman.config.build import draft
from pointsman.config.build_values import ValuesMaker
from pointsman.config.draft import Draft, Site
from pointsman.config.load import Configuration, load, load_mapping, load_steps
from pointsman.config.nearest import nearest
from pointsman.config.problems import problem_at
from pointsman.config.registry import Registry
from pointsman.config.sections import make_sections
from pointsman.config.state_dir import state_dir_of
from pointsman.config.steps import Steps, at_once
from pointsman.contracts.site import SiteView
from pointsman.model.errors import ConfigError, Problem
from pointsman.net.endpoint import check_endpoint

Config = str | Path | Mapping[str, Any] | Configuration

_log = Logger()


def registry_with(plugins: Sequence[object] = ()) -> Registry:
    """A registry with everything that is installed, and ``plugins`` on top.

    Args:
        plugins: objects or modules with ``hookimpl`` functions, or names of modules.

    Raises:
        PluginError: one of ``plugins`` is no good; installed ones that are not are only logged.
    """
    registry = Registry(_report)
    registry.load_entry_points()
    for error in registry.broken:
        _log.error("{error}", error=error)
    for plugin in plugins:
        if isinstance(plugin, str):
            registry.load_module(plugin)
        else:
            registry.register(plugin)
    registry.check_pending()
    return registry


def _report(plugin: str, hook: str, error: Exception) -> None:
    _log.error(
        "plugin {plugin!r} failed in {hook}: {kind}: {error}",
        plugin=plugin,
        hook=hook,
        kind=type(error).__name__,
        error=error,
    )


def configuration_of(config: Config, registry: Registry) -> Configuration:
    """Read a path, take in a mapping, or take a configuration as it is.

    Raises:
        ConfigError: with all problems that were found.
    """
    return at_once(reading(config, registry))


def reading(
    config: Config, registry: Registry, before: Configuration | None = None
) -> Steps[Configuration]:
    """The same in steps.

    Args:
        config, registry: as above.
        before: what is in force; what did not change in its files is not read again.

    Raises:
        ConfigError: with all problems that were found.
    """
    if isinstance(config, Configuration):
        return config
    if isinstance(config, str | Path):
        return (yield from load_steps(config, registry, os.environ, before))
    yield
    return load_mapping(config, registry, os.environ)


def site_of(
    configuration: Configuration, registry: Registry, reactor: Any, local: Mapping[str, object]
) -> Site:
    """The site that a configuration describes, places of its servers looked at.

    Args:
        configuration: validated.
        registry: whose event hooks are told of what happens.
        reactor: for endpoint strings; nothing is connected.
        local: in-process servers by their key.

    Raises:
        ConfigError: with all problems that were found.
    """
    return at_once(drafting(configuration, registry, reactor, local)).put_to_work()


def drafting(
    configuration: Configuration,
    registry: Registry,
    reactor: Any,
    local: Mapping[str, object],
    previous: Site | None = None,
) -> Steps[Draft]:
    """The same in steps, and not yet put to work.

    Args:
        configuration, registry, reactor, local: as above.
        previous: the site that runs now, which is only looked at.

    Raises:
        ConfigError: with all problems that were found.
    """
    made = yield from draft(configuration, registry, previous)
    problems = [
        *_access_log_problems(configuration),
        *_place_problems(made, configuration, reactor, local),
    ]
    if problems:
        made.discard()
        raise ConfigError(problems)
    return made


def view_of(path: str) -> SiteView:
    """Read a configuration for a command of a plugin (contracts.site.SiteReader).

    Raises:
        ConfigError: with all problems that were found.
    """
    registry = registry_with()
    read = load(path, registry, os.environ)
    problems: list[Problem] = []
    warnings = [*read.warnings]
    values = ValuesMaker(read.positions, registry, state_dir_of(read), problems, {})
    sections = make_sections(read.settings, read.positions, registry, problems, warnings, values)
    if problems:
        raise ConfigError(problems)
    return SiteView(read.positions.root.value, sections, tuple(map(str, warnings)))


def _place_problems(
    made: Draft, configuration: Configuration, reactor: Any, local: Mapping[str, object]
) -> Iterator[Problem]:
    for path, server in made.servers():
        if server.local and server.local not in local:
            known = nearest(server.local, local) if local else (
                "only a program that embeds pointsman has servers inside it"
            )  # fmt: skip
            message = f"there is no in-process server {server.local!r}"
            yield problem_at(configuration.positions, (*path, "local"), message, known)
        if server.endpoint:
            try:
                check_endpoint(reactor, server.endpoint)
            except ValueError as error:
                yield problem_at(configuration.positions, (*path, "endpoint"), str(error))


def _access_log_problems(configuration: Configuration) -> Iterator[Problem]:
    section = configuration.settings.access_log
    if section is None:
        return
    try:
        sink_to(section.to)
    except ValueError as error:
        path = ("access_log", "to", section.to.kind)
        hint = "a path such as /dev/log, or host:port for UDP"
        yield problem_at(configuration.positions, path, str(error), hint)
