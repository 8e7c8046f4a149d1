"""Writing a file as a whole: whatever happens, the old text is there or the new one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# Beside the file, hidden from patterns such as `*.yaml`; what a crash leaves is overwritten.
_DRAFT = ".{name}.pointsman-draft"


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put a file in the place of another by one rename, once it is on the disk.

    A symbolic link stays one: what it leads to is replaced. Rights, owner and extended
    attributes of a file that is there are kept.

    Args:
        path: of the file; its folder is there.
        data: what shall stand in it.
        mode: its rights if it is not there yet.

    Raises:
        OSError: it could not be written; nothing has changed.
    """
    real = Path(os.path.realpath(path))
    draft = real.with_name(_DRAFT.format(name=real.name))
    with suppress(FileNotFoundError):
        draft.unlink()
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(number, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            _be_like(real, number, mode)
            os.fsync(number)
        os.rename(draft, real)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    _sync_folder(real.parent)


def may_write(path: Path) -> str:
    """Why a file could not be replaced, as far as can be known before; "" if it can."""
    real = Path(os.path.realpath(path))
    if not os.access(real.parent, os.W_OK | os.X_OK):
        return f"files in {real.parent} cannot be replaced by the user that runs pointsman"
    with suppress(FileNotFoundError):
        if os.geteuid() and real.stat().st_uid != os.geteuid():
            return f"{real} belongs to another user"
    return ""


def _be_like(real: Path, number: int, mode: int) -> None:
    """Give what is open the rights of the file that it replaces."""
    try:
        there = os.stat(real)
    except FileNotFoundError:
        os.fchmod(number, mode)
        return
    mine = os.fstat(number)
    if (there.st_uid, there.st_gid) != (mine.st_uid, mine.st_gid):
        os.fchown(number, there.st_uid, there.st_gid)
    os.fchmod(number, there.st_mode & 0o7777)
    # Among them access lists and labels; some may be set by the kernel alone.
    with suppress(OSError):
        for name in os.listxattr(real):
            with suppress(OSError):
                os.setxattr(number, name, os.getxattr(real, name))


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
