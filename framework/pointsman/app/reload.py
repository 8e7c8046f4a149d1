"""Another configuration in the place of the one that runs, as a whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.assembly import RunningSite
from pointsman.app.control.listening import ControlSocket
from pointsman.app.events import CONFIGURATION
from pointsman.app.loading import Config, drafting, reading
from pointsman.app.past import Past
from pointsman.app.revisions import MOST_TOLD, PROGRAM, WATCH
from pointsman.app.slices import aside
from pointsman.app.watching import Watching
from pointsman.config.diff import Plan as Plan
from pointsman.config.diff import differences
from pointsman.config.draft import Draft
from pointsman.config.load import Configuration
from pointsman.config.registry import Registry
from pointsman.config.steps import Steps
from pointsman.model.errors import PointsmanError, ReloadError
from pointsman.net.local import LocalServer

# So many changes are told in one line.
_IN_SUMMARY = 3

_log = Logger()


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
        past: the revisions that were in force, and the way back to them.
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
        self.past = Past(self, reactor)
        self._watching = Watching(self, reactor, say_failed)
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

    def change(
        self, config: Config | None = None, by: str = PROGRAM, confirm: float = 0.0
    ) -> Deferred[Plan]:
        """Work by another configuration, as a whole or not at all.

        Args:
            config: as of ``check``.
            by: what wants it (``app.revisions``).
            confirm: unless ``confirm`` is called within so many seconds, running configuration
                and files become what they were; 0 for ever.

        Returns:
            Fires with what has changed. It fails with ConfigError, ListenError, AccessLogError or
            ReloadError, and then nothing has.
        """
        return self._lock.run(self._change, config, by, confirm)

    @inlineCallbacks
    def _change(
        self, config: Config | None, by: str, confirm: float
    ) -> Generator[Deferred[Any], Any, Plan]:
        former, number = self.configuration, self.number
        self.past.see_that_it_may_change(former if confirm else None)
        plan: Plan = yield self.become(config, by)
        if confirm:
            self.past.expect_confirmation(former, number, confirm)
        return plan

    @inlineCallbacks
    def become(
        self, config: Config | None, by: str, restores: int = 0
    ) -> Generator[Deferred[Any], Any, Plan]:
        """Work by another configuration; only within what ``alone`` runs.

        Args:
            config, by: as of ``change``.
            restores: number of the revision that comes back by it, 0 for none.
        """
        site, read_at = self._at_work(), time.time()
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
        former, self.configuration = self.configuration, done.configuration
        self._watching.heed(read_at)
        if by == WATCH and not done.changes and former.sources == done.configuration.sources:
            self.log.info("read anew, no setting has changed")
            return done
        revision = yield self.past.note(by, done, draft.state_dir, restores)
        self.number = revision.number
        for change in done.changes[:MOST_TOLD]:
            self.log.info("changed: {change}", change=change)
        self.log.info(
            "revision {number} is in force, changes: {count}",
            number=self.number,
            count=len(done.changes),
        )
        words = f"revision {self.number} is in force"
        site.events.note(CONFIGURATION, "", "", words, by, _summary(done.changes))
        names = tuple(running.service.name for running in site.services)
        for told in self._registry.events("reloaded"):
            told(names, done.changes)
        return done

    @property
    def may_change(self) -> bool:
        """Whether nothing waits to be confirmed."""
        return self.past.unconfirmed is None

    def alone(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Do something while no change is made."""
        return self._lock.run(work, *arguments)

    def begin(self, state_dir: Path | None) -> None:
        """The site begins to work: note what it works by.

        Args:
            state_dir: where to keep revisions, None for memory.
        """
        self.number = self.past.begin(state_dir, self.configuration)
        self._watching.heed(time.time())

    def end(self) -> None:
        """The site ends its work."""
        self._watching.stop()
        self.past.end(self.configuration)

    def again(self) -> Deferred[Draft]:
        """What is in force, made once more, to be looked at and thrown away.

        Returns:
            Fires with it; fails as ``check`` does, as files may have changed meanwhile.
        """
        return self._lock.run(self._again)

    def _again(self) -> Deferred[Draft]:
        self._at_work()
        steps = drafting(self.configuration, self._registry, self._reactor, self._local)
        return aside(self._reactor, steps)

    # ---- how ----

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


def say_failed(failure: Failure) -> None:
    """What is wrong with the new configuration; the one that runs goes on."""
    if failure.check(PointsmanError) is None:
        _log.failure("the reload failed, nothing has changed", failure)
        return
    problems = getattr(failure.value, "problems", (failure.value,))
    for problem in problems:
        _log.error("not reloaded: {problem}", problem=str(problem))


def _summary(changes: Sequence[str]) -> str:
    """What has changed, in one line."""
    rest = len(changes) - _IN_SUMMARY
    more = (f"{rest} more",) if rest > 0 else ()
    return "; ".join((*changes[:_IN_SUMMARY], *more)) or "nothing has changed"
