"""Another configuration in the place of the one that runs, as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks
from twisted.logger import Logger

from pointsman.app.assembly import RunningSite
from pointsman.app.control.listening import ControlSocket
from pointsman.app.loading import Config, drafting, reading
from pointsman.app.slices import aside
from pointsman.config.diff import differences
from pointsman.config.draft import Draft
from pointsman.config.load import Configuration
from pointsman.config.registry import Registry
from pointsman.config.steps import Steps
from pointsman.model.errors import Problem, ReloadError
from pointsman.net.local import LocalServer

# Changes that go into the log one by one; the rest is only counted.
_MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What a configuration would change, or has changed.

    Attributes:
        configuration: the new one.
        changes: one sentence for each, such as "pool web: server b: weight 1000 -> 500".
        warnings: what may be used but is hardly meant.
    """

    configuration: Configuration
    changes: tuple[str, ...]
    warnings: tuple[Problem, ...]


class Reloading:
    """Changes the configuration of a running site, one change at a time.

    Args:
        registry: what plugins offer; their event hooks are told.
        reactor: of the site; IReactorThreads as well.
        local: in-process real servers by their key.
        configuration: the one that is in force.
        source: where it came from.

    Attributes:
        configuration: the one that is in force.
        number: of its revision; the first one is 1.
        file: the absolute path of that source, "" if it is no file.
        control: where commands reach it, None if they cannot.
        site: what works by it, None while nothing does.
    """

    log = Logger()

    def __init__(
        self,
        registry: Registry,
        reactor: Any,
        local: Mapping[str, LocalServer],
        configuration: Configuration,
        source: Config,
    ) -> None:
        self._registry = registry
        self._reactor = reactor
        self._local = local
        self._source = source
        self._lock = DeferredLock()
        self.configuration = configuration
        self.number = 1
        self.file = os.path.abspath(source) if isinstance(source, str | Path) else ""
        self.control: ControlSocket | None = None
        self.site: RunningSite | None = None

    def check(self, config: Config | None = None) -> Deferred[Plan]:
        """See what another configuration would change. Nothing does.

        Args:
            config: a path, a mapping or a Configuration; None reads the source anew.

        Returns:
            Fires with the plan, or fails with ConfigError, or with ReloadError while nothing runs.
        """
        return self._lock.run(self._check, config)

    @inlineCallbacks
    def _check(self, config: Config | None) -> Generator[Deferred[Any], Any, Plan]:
        plan, draft = yield self._draft(self._at_work(), config)
        draft.discard()
        done: Plan = plan
        return done

    def change(self, config: Config | None = None) -> Deferred[Plan]:
        """Work by another configuration, as a whole or not at all.

        Args:
            config: as of ``check``.

        Returns:
            Fires with what has changed. It fails with ConfigError, ListenError, AccessLogError or
            ReloadError, and then nothing has.
        """
        return self._lock.run(self._change, config)

    @inlineCallbacks
    def _change(self, config: Config | None) -> Generator[Deferred[Any], Any, Plan]:
        site = self._at_work()
        plan, draft = yield self._draft(site, config)
        move = None
        try:
            if self.control is not None:
                move = self.control.move(plan.configuration)
            yield site.change(draft)
        except BaseException:
            if move is not None:
                move.give_up()
            draft.discard()
            raise
        if move is not None:
            move.carry_out()
        done: Plan = plan
        self.configuration = done.configuration
        for change in done.changes[:_MOST_TOLD]:
            self.log.info("changed: {change}", change=change)
        self.number += 1
        self.log.info(
            "revision {number} is in force, changes: {count}",
            number=self.number,
            count=len(done.changes),
        )
        names = tuple(running.service.name for running in site.services)
        for told in self._registry.events("reloaded"):
            told(names, done.changes)
        return done

    @inlineCallbacks
    def _draft(
        self, site: RunningSite, config: Config | None
    ) -> Generator[Deferred[Any], Any, tuple[Plan, Draft]]:
        if config is None:
            config = self._source
            if isinstance(config, Configuration | Mapping):
                raise ReloadError("it was given no file that could be read anew")
        plan: Plan
        plan, draft = yield aside(self._reactor, self._planning(site, config))
        return plan, draft

    def _planning(self, site: RunningSite, config: Config) -> Steps[tuple[Plan, Draft]]:
        configuration = yield from reading(config, self._registry, self.configuration)
        draft = yield from drafting(
            configuration, self._registry, self._reactor, self._local, site.site
        )
        present = self.configuration.settings
        changes: list[str] = []
        for change in differences(
            present, configuration.settings, site.site.sections, draft.sections
        ):
            changes.append(change)
            yield
        warnings = (*configuration.warnings, *draft.warnings)
        return Plan(configuration, tuple(changes), warnings), draft

    def _at_work(self) -> RunningSite:
        if self.site is None:
            raise ReloadError("it is not at work")
        return self.site
