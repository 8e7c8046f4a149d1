"""Revisions that are kept in a folder, for commands while nothing runs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from pointsman.app.commands.controlling import REFUSED
from pointsman.app.restoring import put_back
from pointsman.app.revisions import Revision, Revisions, files_of
from pointsman.config.control_place import find_control_place, find_state_dir
from pointsman.config.includes import Source
from pointsman.model.errors import ConfigError, ReloadError


class KeptRevisions:
    """The revisions of a configuration by which nothing runs.

    Args:
        revisions: at least one of them.
    """

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    def told(self, number: int | None) -> dict[str, Any]:
        """As the verb ``history`` tells it; none is in force. Ends the program if one is missing.

        Args:
            number: of the one whose files are told as well.
        """
        told: dict[str, Any] = {
            "revision": None,
            "unconfirmed": False,
            "revisions": [
                {**asdict(each), "files": [file.name for file in each.files]}
                for each in self._revisions.all()
            ],
        }
        if number is not None:
            told["files"] = [asdict(file) for file in self._got(number).files]
        return told

    def _got(self, number: int) -> Revision:
        try:
            return self._revisions.get(number)
        except ReloadError as error:
            _refuse(error)

    def put_back(self, to: int | None, force: bool) -> int:
        """Put the files of one back; its number. Ends the program if that cannot be.

        Args:
            to: its number; None for the last one, or where the files are those of one that is
                kept for the one before that.
            force: overwrite what was changed since and is kept nowhere.
        """
        kept = self._revisions.all()
        standing = next((each for each in reversed(kept) if not _differ(each)), None)
        try:
            if to is None and standing is not None:
                to = self._revisions.before(standing.restores or standing.number)
            wanted = self._got(kept[-1].number if to is None else to)
            put_back(wanted.files, (standing or kept[-1]).files, force)
        except ReloadError as error:
            _refuse(error)
        return wanted.number


def kept_alone(config: str, control: str | None) -> KeptRevisions | None:
    """Those of a file by which nothing runs, as far as one can see; None if something does.

    Also None if none are kept, or if it cannot be found out where.
    """
    from pointsman.app.control.asking import Asker, UnreachableError

    try:
        place = Path(control).absolute() if control is not None else find_control_place(config)
        folder = find_state_dir(config)
    except ConfigError:
        return None
    if place is None or folder is None:
        return None
    try:
        Asker(place).close()
    except UnreachableError:
        revisions = Revisions()
        revisions.keep_in(folder, files_of([Source(config, "")]))
        return KeptRevisions(revisions) if revisions.all() else None
    return None


def _differ(revision: Revision) -> bool:
    for file in revision.files:
        try:
            if Path(file.name).read_bytes() != file.text.encode():
                return True
        except OSError:
            return True
    return False


def _refuse(error: ReloadError) -> NoReturn:
    click.echo(f"pointsman: {error}", err=True)
    sys.exit(REFUSED)
