"""The files of an earlier revision put back into their places, unless somebody has changed them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pointsman.app.whole_file import may_write, write_whole
from pointsman.config.includes import Source
from pointsman.model.errors import ReloadError

# What stood in a file before; None if there was none.
Former = list[tuple[Path, bytes | None]]

_NEW_FILE = 0o644


def put_back(wanted: Sequence[Source], present: Sequence[Source], force: bool = False) -> Former:
    """Let files be again as they were. Each is replaced as a whole, or not at all.

    Args:
        wanted: the files as they shall be, by absolute names.
        present: the files as they were when they were last read.
        force: overwrite what was changed since.

    Returns:
        What stood there before, for ``take_back``.

    Raises:
        ReloadError: somebody has changed a file since, or one cannot be written; then all are as
            they were.
    """
    read = {source.name: source.text.encode() for source in present}
    names = {source.name for source in wanted}
    for name in read:
        if name not in names and Path(name).exists():
            raise ReloadError(f"{name} is no part of that revision: move it away first")
    former: Former = []
    meant: list[tuple[Path, bytes]] = []
    for source in wanted:
        path, data = Path(source.name), source.text.encode()
        there = _there(path)
        if there == data:
            continue
        if not force and there != read.get(source.name):
            raise ReloadError(
                f"{path} was changed since it was read: what stands there now would be lost "
                "(reload it, or do it with --force)"
            )
        if problem := may_write(path):
            raise ReloadError(problem)
        former.append((path, there))
        meant.append((path, data))
    for number, (path, data) in enumerate(meant):
        try:
            write_whole(path, data, _NEW_FILE)
        except OSError as error:
            take_back(former[:number])
            raise ReloadError(f"{path} cannot be written: {error.strerror}") from None
    return former


def take_back(former: Former) -> None:
    """Undo what ``put_back`` has done.

    Raises:
        OSError: a file cannot be written.
    """
    for path, data in former:
        if data is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, data)


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReloadError(f"{path} cannot be read: {error.strerror}") from None
