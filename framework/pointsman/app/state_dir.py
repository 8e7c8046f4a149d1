"""The folder for what is kept over a restart: made, and closed to others."""

from __future__ import annotations

import os
from pathlib import Path

from pointsman.model.errors import PointsmanError

MODE = 0o700


class StateDirError(PointsmanError):
    """The folder that ``state_dir`` names cannot be used; says why and what to do."""


def prepare(folder: Path) -> None:
    """Make the folder if it is not there, and see that only its owner may look into it.

    Raises:
        StateDirError: it cannot be made, written or closed to others.
    """
    try:
        folder.mkdir(mode=MODE, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o777 != MODE:
            folder.chmod(MODE)
    except FileExistsError:
        raise StateDirError(f"state_dir {folder} is no folder; move it away") from None
    except PermissionError as error:
        told = f"state_dir {folder}: {error.strerror}"
        raise StateDirError(f"{told}; it must belong to the user that runs pointsman") from None
    except OSError as error:
        raise StateDirError(f"state_dir {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StateDirError(f"state_dir {folder} cannot be written")
