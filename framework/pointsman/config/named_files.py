"""Every file that a configuration goes by: its own, included ones, those that its values name."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File

from pointsman.config.load import Configuration
from pointsman.config.steps import Steps
from pointsman.config.tree import Branch

# How something is now, by its path. Of a file: which one it is, when it was last changed and how
# long it is; None if it is not there. Of a pattern: the names that it matches.
Looks = Mapping[str, object]

_LONGEST = 4096
_STEPS_TOGETHER = 50
# Written by the program itself.
_NOT_READ = frozenset({"access_log"})


def named_files(configuration: Configuration) -> Steps[list[str]]:
    """The paths of its files, and of all regular files that its values name, in steps.

    A relative path begins beside the file in which it is written. It is enough that a value could
    be the name of a file that is there; so nobody has to say which values are.
    """
    found = dict.fromkeys(os.path.abspath(source.name) for source in configuration.sources)
    root = configuration.positions.root
    for number, (folder, value) in enumerate(_texts(root)):
        path = os.path.join(folder, value)
        if path not in found and _is_file(path):
            found[path] = None
        if number % _STEPS_TOGETHER == 0:
            yield
    return list(found)


def _texts(root: Branch) -> Iterator[tuple[str, str]]:
    """Every text with the folder of its file, wherever in the configuration that is."""
    folders: dict[str, str] = {}
    left = [child for key, child in root.children.items() if key not in _NOT_READ]
    while left:
        branch = left.pop()
        left.extend(branch.children.values())
        value = branch.value
        if isinstance(value, str) and 0 < len(value) < _LONGEST and value.isprintable():
            name = branch.mark.file
            if name not in folders:
                folders[name] = str(File(name).absolute().parent)
            yield folders[name], value


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def looked_at(paths: Sequence[str], patterns: Sequence[str]) -> Steps[Looks]:
    """How these files are now, in steps.

    Args:
        paths: of files.
        patterns: of ``include``, absolute: which files there are for each.
    """
    looks: dict[str, object] = {}
    for number, path in enumerate(paths):
        looks[path] = _look(path)
        if number % _STEPS_TOGETHER == 0:
            yield
    for pattern in patterns:
        looks[pattern] = tuple(sorted(glob.glob(pattern, recursive=True)))
        yield
    return looks


def _look(path: str) -> tuple[int, int, int, int] | None:
    try:
        there = os.stat(path)
    except (OSError, ValueError):
        return None
    return there.st_dev, there.st_ino, there.st_mtime_ns, there.st_size


def changed_since(
    configuration: Configuration, paths: Sequence[str], read_at: float, now: float
) -> Steps[set[str]]:
    """Which of these files are not what the configuration was read from, as far as one can know.

    Args:
        configuration: its own files are compared with what it was read from.
        paths: of files.
        read_at: others that were changed after that may be others by now, seconds since the epoch.
        now: likewise; a file of the future tells nothing by its time.
    """
    own = {os.path.abspath(source.name): source.text for source in configuration.sources}
    changed: set[str] = set()
    for path in paths:
        look, text = _look(path), own.get(path)
        if text is not None:
            if not _reads(path, text):
                changed.add(path)
        elif look is not None and read_at * 1e9 <= look[2] <= now * 1e9:
            changed.add(path)
        yield
    return changed


def _reads(path: str, text: str) -> bool:
    try:
        return File(path).read_bytes() == text.encode()
    except OSError:
        return False
