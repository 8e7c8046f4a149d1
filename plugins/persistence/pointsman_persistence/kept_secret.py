"""A secret that nobody has to think of: made once, and kept in the ``state_dir``."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from twisted.logger import Logger

NAME = "active_cookie.key"
_SIZE = 32

_log = Logger()


def kept_secret(folder: Path) -> bytes:
    """The secret that is kept there; it is made if there is none yet.

    Of several processes that make it at the same time one wins, and all have that one's. Where
    nothing can be written the secret is this process's alone, and the log says so.
    """
    path = folder / NAME
    try:
        return _read(path) or _make(path)
    except OSError as error:
        _log.error(
            "{path}: {error}; cookies are signed by a key that is lost with this process",
            path=str(path),
            error=error.strerror or str(error),
        )
        return secrets.token_bytes(_SIZE)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _make(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(number, "wb") as file:
            file.write(secrets.token_bytes(_SIZE))
            file.flush()
            os.fsync(file.fileno())
        # A link is there as a whole or not at all, and takes nobody's place.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_bytes()
