"""Every configuration that was in force, as a whole: when, by what, and what it changed."""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from twisted.logger import Logger

from pointsman.app.whole_file import write_whole
from pointsman.config.includes import Source
from pointsman.config.state_dir import own_name
from pointsman.model.errors import ReloadError

# So many are kept, the one in force included.
MOST = 50
# So many changes of one are told; the rest is only counted.
MOST_TOLD = 100
# What its folder in `state_dir` ends with.
SUFFIX = ".revisions"
_MODE = 0o700

# By what one came into force.
START, SIGNAL, COMMAND, WATCH = "start", "signal", "command", "watch"
UNDO, ROLLBACK, PROGRAM = "undo", "rollback", "program"


@dataclass(frozen=True, slots=True)
class Revision:
    """One configuration that was in force.

    Attributes:
        number: the first is 1.
        at: when, seconds since the epoch.
        by: START, SIGNAL, COMMAND, WATCH, UNDO, ROLLBACK, or PROGRAM: the host that embeds us.
        changes: in words, the first of them.
        count: how many there were.
        files: with absolute names, the first one first; none if it was given in code.
        restores: the revision whose files it has, 0 for its own.
    """

    number: int
    at: float
    by: str
    changes: tuple[str, ...]
    count: int
    files: tuple[Source, ...]
    restores: int = 0


def files_of(sources: Sequence[Source]) -> tuple[Source, ...]:
    """The files of a configuration by names that hold everywhere."""
    return tuple(Source(os.path.abspath(source.name), source.text) for source in sources)


class Revisions:
    """The last configurations that were in force.

    They are kept in a folder if there is one, else in memory. What a folder cannot take is kept
    in memory as well, and said in the log.

    Args:
        wall: seconds since the epoch.
        most: so many are kept.

    Attributes:
        latest: number of the one in force, 0 before the first.
    """

    log = Logger()

    def __init__(self, wall: Callable[[], float] = time.time, most: int = MOST) -> None:
        self._wall = wall
        self._most = most
        self._folder: Path | None = None
        self._memory: dict[int, bytes] = {}
        self.latest = 0

    def start(self, state_dir: Path | None, sources: Sequence[Source]) -> Revision:
        """The site begins to work: note its revision, unless it is as when it last ended.

        Args:
            state_dir: where to keep what is kept over a restart, None for nowhere.
            sources: the files that are in force.
        """
        self.keep_in(state_dir, sources)
        return self.same(sources) or self.add(START, (), sources)

    def same(self, sources: Sequence[Source]) -> Revision | None:
        """The latest one, if it has these very files."""
        files = files_of(sources)
        if self.latest and files:
            with suppress(ReloadError):
                last = self.get(self.latest)
                if last.files == files:
                    return last
        return None

    def keep_in(self, state_dir: Path | None, sources: Sequence[Source]) -> None:
        """Keep those to come below that folder, or in memory; nothing is written yet.

        Args:
            state_dir: None for memory.
            sources: of the configuration; one that was given in code is kept in memory.
        """
        folder = None
        if state_dir is not None and sources:
            folder = state_dir / own_name(sources[0].name, SUFFIX)
        if folder != self._folder:
            self._folder = folder
            self.latest = max(self.latest, *self.numbers, 0)

    def add(
        self, by: str, changes: Sequence[str], sources: Sequence[Source], restores: int = 0
    ) -> Revision:
        """Another one is in force."""
        self.latest += 1
        told, count = tuple(changes[:MOST_TOLD]), len(changes)
        files = files_of(sources)
        revision = Revision(self.latest, self._wall(), by, told, count, files, restores)
        data = json.dumps(asdict(revision), ensure_ascii=False, indent=1).encode()
        if not self._write(revision.number, data):
            self._memory[revision.number] = zlib.compress(data)
        for number in self.numbers[: -self._most]:
            self._memory.pop(number, None)
            if self._folder is not None:
                with suppress(OSError):
                    _path(self._folder, number).unlink()
        return revision

    def _write(self, number: int, data: bytes) -> bool:
        if self._folder is None:
            return False
        try:
            self._folder.mkdir(mode=_MODE, exist_ok=True)
            write_whole(_path(self._folder, number), data)
        except OSError as error:
            self.log.error(
                "revision {number} is kept in memory only: {folder}: {error}",
                number=number,
                folder=self._folder,
                error=error.strerror,
            )
            return False
        return True

    @property
    def numbers(self) -> list[int]:
        """Of those that are kept, the oldest first."""
        found = {*self._memory}
        if self._folder is not None:
            with suppress(OSError):
                names = os.listdir(self._folder)
                found |= {int(name[:-5]) for name in names if _is_ours(name)}
        return sorted(found)

    def get(self, number: int) -> Revision:
        """One that is kept.

        Raises:
            ReloadError: it is not, or it cannot be read.
        """
        packed = self._memory.get(number)
        if packed is not None:
            return _read(zlib.decompress(packed))
        numbers = self.numbers
        if self._folder is None or number not in numbers:
            known = f"kept are {numbers[0]} to {numbers[-1]}" if numbers else "none is kept"
            raise ReloadError(f"there is no revision {number}; {known}")
        path = _path(self._folder, number)
        try:
            return _read(path.read_bytes())
        except OSError as error:
            raise ReloadError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise ReloadError(f"{path} is no revision of ours") from None

    def all(self) -> list[Revision]:
        """Those that can be read, the oldest first."""
        found = []
        for number in self.numbers:
            try:
                found.append(self.get(number))
            except ReloadError as error:
                self.log.error("{error}", error=error)
        return found

    def before(self, number: int) -> int:
        """The one that was in force before that one.

        Raises:
            ReloadError: none is kept.
        """
        earlier = [each for each in self.numbers if each < number]
        if not earlier:
            raise ReloadError(f"no revision before {number} is kept")
        return earlier[-1]

    def before_files(self, number: int, present: Sequence[Source]) -> int:
        """The one before that whose files are in force, and whose own are others.

        Args:
            number: the one in force. What only restores an earlier one stands for that one.
            present: the files in force, as of ``files_of``.

        Raises:
            ReloadError: none is kept.
        """
        while number in self.numbers and (restored := self.get(number).restores):
            number = restored
        number = self.before(number)
        while self.get(number).files == present:
            number = self.before(number)
        return number


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08}.json"


def _is_ours(name: str) -> bool:
    return name.endswith(".json") and name[:-5].isdigit() and name.isascii()


def _read(data: bytes) -> Revision:
    told = json.loads(data)
    files = tuple(Source(each["name"], each["text"]) for each in told["files"])
    changes = tuple(map(str, told["changes"]))
    return Revision(
        int(told["number"]),
        float(told["at"]),
        str(told["by"]),
        changes,
        int(told["count"]),
        files,
        int(told["restores"]),
    )
