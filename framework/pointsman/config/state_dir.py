"""The folder for what is kept over a restart: where it is."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from pointsman.config.load import Configuration


def own_name(file: str, suffix: str) -> str:
    """The name of what belongs to one configuration file, as several may share the folder.

    Args:
        file: path of the configuration.
        suffix: what its name ends with.
    """
    whole = os.path.realpath(file)
    number = blake2b(whole.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{Path(whole).stem}-{number}{suffix}"


def state_dir_of(configuration: Configuration) -> Path | None:
    """The folder that ``state_dir`` names, None if it is not written.

    A relative path begins beside the file in which it is written, and in the folder where the
    program was started if the configuration was given in code.
    """
    named = configuration.settings.state_dir
    if not named:
        return None
    return configuration.positions.folder(("state_dir",), ()).absolute() / named
