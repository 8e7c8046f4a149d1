"""The folder for what is kept over a restart: where it is."""

from __future__ import annotations

from pathlib import Path

from pointsman.config.load import Configuration


def state_dir_of(configuration: Configuration) -> Path | None:
    """The folder that ``state_dir`` names, None if it is not written.

    A relative path begins beside the file in which it is written, and in the folder where the
    program was started if the configuration was given in code.
    """
    named = configuration.settings.state_dir
    if not named:
        return None
    return configuration.positions.folder(("state_dir",), ()).absolute() / named
