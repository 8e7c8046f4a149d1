"""``watch: true``: the configuration is read anew when one of its files has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.revisions import WATCH
from pointsman.app.slices import aside
from pointsman.config.load import Configuration
from pointsman.config.named_files import Looks, changed_since, looked_at, named_files
from pointsman.config.steps import Steps
from pointsman.model.errors import ConfigError, PointsmanError

# Seconds between two looks. What was changed must be the same in two of them.
EVERY = 1.0
# One that never rests does not keep the others waiting for longer.
PATIENCE = 10.0
# So many names are told in the log.
_MOST_TOLD = 5


class Reads(Protocol):
    """What reads the configuration anew (``app.reload.Reloading``)."""

    configuration: Configuration

    @property
    def may_change(self) -> bool:
        """Whether nothing waits to be confirmed."""

    def change(self, config: None = None, by: str = WATCH) -> Deferred[Any]:
        """Read it anew and work by it."""


class Watching:
    """Looks after the files of the configuration, if that says so.

    Args:
        reads: reads it anew.
        reactor: IReactorTime and IReactorThreads.
        failed: told of a configuration that cannot be used.
        wall: seconds since the epoch.
    """

    log = Logger()

    def __init__(
        self,
        reads: Reads,
        reactor: Any,
        failed: Callable[[Failure], object],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._reads = reads
        self._reactor = reactor
        self._failed = failed
        self._call: Any = None
        self._since: float | None = None
        self._files: _Files | None = None

    def heed(self, read_at: float) -> None:
        """Another configuration is in force.

        Args:
            read_at: before that nothing of it was read, seconds since the epoch.
        """
        self.stop()
        configuration = self._reads.configuration
        if configuration.settings.watch and configuration.sources:
            self._files = _Files(configuration, read_at, self._wall)
            self._later()

    def stop(self) -> None:
        """Look no more. Stopping twice is fine."""
        self._files = self._since = None
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _later(self) -> None:
        self._call = self._reactor.callLater(EVERY, self._due)

    def _due(self) -> None:
        self._call = None
        if self._files is not None and self._reads.may_change:
            self._look(self._files).addErrback(self._broken)
        elif self._files is not None:
            self._later()

    @inlineCallbacks
    def _look(self, files: _Files) -> Generator[Deferred[Any], Any, None]:
        yield aside(self._reactor, files.look())
        if files is not self._files:
            return  # there is another configuration, or none, meanwhile
        changed = files.changed
        now = self._reactor.seconds()
        if not changed:
            self._since = None
        elif self._since is None:
            self._since = now
        elif files.rest or now - self._since >= PATIENCE:
            yield self._read_anew(files, changed)
            if files is not self._files:
                return
        self._later()

    @inlineCallbacks
    def _read_anew(
        self, files: _Files, changed: Sequence[str]
    ) -> Generator[Deferred[Any], Any, None]:
        self._since = None
        files.accept()
        told = ", ".join(changed[:_MOST_TOLD])
        if len(changed) > _MOST_TOLD:
            told += f" and {len(changed) - _MOST_TOLD} more"
        self.log.info("changed, reading anew: {files}", files=told)
        try:
            yield self._reads.change(by=WATCH)
        except PointsmanError as error:
            self._failed(Failure())
            if isinstance(error, ConfigError):
                # One that has only come may be mended where nothing of ours has changed.
                files.add(str(Path(each.file).absolute()) for each in error.problems)

    def _broken(self, failure: Failure) -> None:
        self.log.failure("watching files failed; it goes on", failure)
        if self._files is not None and self._call is None:
            self._later()


class _Files:
    """The files of one configuration: how they were when it was read, and how they are.

    Attributes:
        rest: nothing has changed between the last two looks.
    """

    def __init__(
        self, configuration: Configuration, read_at: float, wall: Callable[[], float]
    ) -> None:
        self._wall = wall
        self._configuration = configuration
        self._read_at = read_at
        self._paths: list[str] | None = None
        self._known: dict[str, object] = {}
        self._now: Looks = {}
        self._added: list[str] = []
        self.rest = False

    def look(self) -> Steps[None]:
        """See how they are now; the first time, find out which they are as well."""
        configuration = self._configuration
        first = self._paths is None
        if self._paths is None:
            self._paths = yield from named_files(configuration)
        paths = [*self._paths, *self._added]
        looks = yield from looked_at(paths, configuration.patterns)
        if first:
            others = yield from changed_since(configuration, paths, self._read_at, self._wall())
            self._known = {path: look for path, look in looks.items() if path not in others}
        for path in self._added:
            self._known[path] = looks[path]
        self._paths, self._added = paths, []
        self.rest = looks == self._now
        self._now = looks

    @property
    def changed(self) -> list[str]:
        """The paths of those that are not as they were."""
        there, known = self._now.items(), self._known
        return [path for path, look in there if path not in known or known[path] != look]

    def accept(self) -> None:
        """They are read now as they are."""
        self._known = dict(self._now)

    def add(self, paths: Iterable[str]) -> None:
        """Look after these as well, from the next look on."""
        self._added = [path for path in dict.fromkeys(paths) if path not in (self._paths or ())]
