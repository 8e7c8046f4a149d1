"""What was in force before, the way back to it, and changes that wait to be confirmed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.loading import Config
from pointsman.app.restoring import put_back, take_back
from pointsman.app.revisions import ROLLBACK, UNDO, Revision, Revisions, files_of
from pointsman.app.whole_file import may_write
from pointsman.config.diff import Plan
from pointsman.config.load import Configuration
from pointsman.model.errors import PointsmanError, ReloadError

T = TypeVar("T")


class Reloads(Protocol):
    """What changes the configuration (``app.reload.Reloading``)."""

    configuration: Configuration
    number: int
    file: str

    def become(self, config: Config | None, by: str, restores: int = 0) -> Deferred[Plan]:
        """Work by another configuration."""

    def alone(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Do something while no change is made."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A change that is undone unless somebody says that it is good.

    Attributes:
        former: the configuration that comes back.
        number: of its revision.
        call: does it when the time is over.
    """

    former: Configuration
    number: int
    call: Any


class Past:
    """The configurations that were in force.

    Args:
        reloads: changes the configuration.
        reactor: IReactorTime and IReactorThreads.

    Attributes:
        revisions: those that are kept.
        unconfirmed: set while the last change waits for ``confirm``.
    """

    log = Logger()

    def __init__(self, reloads: Reloads, reactor: Any) -> None:
        self._reloads = reloads
        self._reactor = reactor
        self.revisions = Revisions()
        self.unconfirmed: Unconfirmed | None = None

    # ---- what is noted ----

    def begin(self, state_dir: Path | None, configuration: Configuration) -> int:
        """The site begins to work; the number of its revision.

        Args:
            state_dir: where to keep revisions, None for memory.
            configuration: what it works by.
        """
        return self.revisions.start(state_dir, configuration.sources).number

    def note(
        self, by: str, plan: Plan, state_dir: Path | None, restores: int
    ) -> Deferred[Revision]:
        """Another configuration is in force; one that is as it was is no new revision.

        Args:
            by: what wanted it.
            plan: what it has changed.
            state_dir: where to keep revisions from now on.
            restores: the revision whose files these are, 0 for none.
        """

        def noted() -> Revision:
            sources = plan.configuration.sources
            self.revisions.keep_in(state_dir, sources)
            if not plan.changes and not restores and (same := self.revisions.same(sources)):
                return same
            return self.revisions.add(by, plan.changes, sources, restores)

        return self._aside(noted)

    def history(self) -> Deferred[list[Revision]]:
        """The revisions that are kept, the oldest first; the last one is in force."""
        return self._reloads.alone(self._aside, self.revisions.all)

    # ---- changes that wait to be confirmed ----

    def see_that_it_may_change(self, former: Configuration | None) -> None:
        """See that nothing is in the way of another change.

        Args:
            former: what has to come back unless it is confirmed, None if it has not.

        Raises:
            ReloadError: something is.
        """
        if self.unconfirmed is not None:
            raise ReloadError(
                f"revision {self._reloads.number} waits to be confirmed: confirm or undo it first"
            )
        for source in former.sources if former is not None else ():
            if problem := may_write(Path(source.name)):
                raise ReloadError(f"it could not be rolled back: {problem}")

    def expect_confirmation(self, former: Configuration, number: int, seconds: float) -> None:
        """A change was made that goes back by itself unless it is confirmed in time.

        Args:
            former: what was in force before.
            number: of its revision.
            seconds: until it goes back.
        """
        call = self._reactor.callLater(seconds, self._time_is_over)
        self.unconfirmed = Unconfirmed(former, number, call)
        self.log.warn(
            "revision {number} is rolled back in {seconds:g} s unless it is confirmed",
            number=self._reloads.number,
            seconds=seconds,
        )

    def confirm(self) -> Deferred[int]:
        """Say that the last change is good.

        Returns:
            Fires with the number of the revision that stays, or fails with ReloadError.
        """
        return self._reloads.alone(self._confirm)

    def _confirm(self) -> int:
        if self._no_longer_waiting() is None:
            raise ReloadError("nothing waits to be confirmed")
        self.log.info("revision {number} is confirmed", number=self._reloads.number)
        return self._reloads.number

    def _no_longer_waiting(self) -> Unconfirmed | None:
        waiting, self.unconfirmed = self.unconfirmed, None
        if waiting is not None and waiting.call.active():
            waiting.call.cancel()
        return waiting

    def end(self, present: Configuration) -> None:
        """The site ends its work: it shall not begin again with what nobody has confirmed."""
        waiting = self._no_longer_waiting()
        if waiting is None or not waiting.former.sources:
            return
        self.log.warn("revision {number} was not confirmed", number=self._reloads.number)
        try:
            put_back(files_of(waiting.former.sources), files_of(present.sources))
        except ReloadError as error:
            self.log.critical("its files stay as they are: {error}", error=error)

    def _time_is_over(self) -> None:
        self._reloads.alone(self._roll_back, ROLLBACK).addErrback(self._not_rolled_back)

    def _not_rolled_back(self, failure: Failure) -> None:
        if failure.check(PointsmanError) is None:
            self.log.failure("the rollback failed", failure)
        else:
            self.log.critical("not rolled back: {error}", error=failure.value)

    @inlineCallbacks
    def _roll_back(self, by: str) -> Generator[Deferred[Any], Any, Plan | None]:
        waiting = self._no_longer_waiting()
        if waiting is None:
            return None  # it was confirmed at the last moment
        self.log.warn("revision {number} was not confirmed", number=self._reloads.number)
        former, present = waiting.former, self._reloads.configuration
        # The files first: whatever happens, the next start is by them.
        problem = None
        if former.sources:
            files = files_of(former.sources), files_of(present.sources)
            try:
                yield self._aside(put_back, *files)
            except ReloadError as error:
                problem = error
        plan: Plan = yield self._reloads.become(former, by, waiting.number)
        if problem is not None:
            raise ReloadError(f"what ran before runs again, but its files do not stand: {problem}")
        return plan

    # ---- the way back ----

    def undo(self, to: int | None = None, force: bool = False) -> Deferred[Plan]:
        """Put the files of an earlier revision back, and work by them. Both is done, or neither.

        What waits to be confirmed is rolled back at once.

        Args:
            to: number of the revision; None for the last one before whose files are others.
            force: overwrite files that were changed since they were read.

        Returns:
            Fires with what has changed; fails as ``Reloading.change`` does.
        """
        return self._reloads.alone(self._undo, to, force)

    @inlineCallbacks
    def _undo(self, to: int | None, force: bool) -> Generator[Deferred[Any], Any, Plan]:
        waiting = self.unconfirmed
        if waiting is not None and to in (None, waiting.number):
            plan: Plan = yield self._roll_back(UNDO)
            return plan
        self.see_that_it_may_change(None)
        revision: Revision = yield self._aside(self._meant, to)
        present = files_of(self._reloads.configuration.sources)
        former = yield self._aside(put_back, revision.files, present, force)
        file = revision.files[0].name
        try:
            # By the name that it was given, if it still has that.
            named = None if file == self._reloads.file else file
            plan = yield self._reloads.become(named, UNDO, revision.number)
        except BaseException:
            yield self._aside(take_back, former)
            raise
        return plan

    def _meant(self, to: int | None) -> Revision:
        present = files_of(self._reloads.configuration.sources)
        if to is None:
            to = self.revisions.before_files(self._reloads.number, present)
        revision = self.revisions.get(to)
        if not revision.files:
            raise ReloadError(f"revision {to} was given in code: it has no files")
        if revision.files == present:
            raise ReloadError(f"the files of revision {to} are in force already")
        return revision

    def _aside(self, work: Callable[..., T], *arguments: Any) -> Deferred[T]:
        """Do what may wait for a disk in a thread."""
        pool = self._reactor.getThreadPool()
        done: Deferred[T] = deferToThreadPool(self._reactor, pool, work, *arguments)
        return done
