"""The balancer of the site: a real ``pointsman run``, its file, and what it says of it."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pointsman.app.control.asking import Asker
from pointsman.app.demo.lync.log_file import LogFile
from pointsman.app.demo.tethered import Tethered
from pointsman.config.control_place import find_control_place

FILE = "lync.yaml"
LOG = "pointsman.log"

_LEASH = "pointsman.app.demo.leash"
_IN_FORCE = r"^revision \d+ is in force"
_REFUSED = "not reloaded: "


class RefusedError(Exception):
    """The configuration was not taken, and nothing has changed.

    Attributes:
        problems: what is wrong with it.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Balancer:
    """``pointsman run`` in a folder that holds its configuration.

    Args:
        folder: where the files of the lab are.
        environ: its environment; the password of the PFX stands there.

    Attributes:
        path: of the configuration.
        log: what it tells.
        environ: see above; for commands that are to see the same.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.path = folder / FILE
        self.log = LogFile(folder / LOG)
        self._folder = folder
        self.environ = dict(environ)
        self._program: Tethered | None = None

    def write(self, text: str) -> None:
        """Change the file, as a whole or not at all."""
        draft = self.path.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.path)

    def start(self, services: Iterable[str] = ()) -> None:
        """Start it, and wait until these services listen.

        Raises:
            NotSeenError: it has ended instead; shows what it said.
        """
        since = self.log.mark
        command = [sys.executable, "-m", _LEASH, "run", FILE, "--log-format", "json"]
        log = self._folder / LOG
        self._program = program = Tethered(command, self._folder, self.environ, log)
        for service in services:
            self.log.until(rf"^{re.escape(service)} listens on ", since, lambda: program.running)

    def change(self, text: str) -> tuple[str, ...]:
        """Change the file and have it read: what that changed, in its own words.

        Raises:
            RefusedError: it was not taken.
            NotSeenError: it does not answer.
        """
        self.write(text)
        since = self.log.mark
        os.kill(self.pid, signal.SIGHUP)
        self.log.until(f"{_IN_FORCE}|^{_REFUSED}|^the reload failed", since, lambda: self.running)
        told = self.log.messages[since:]
        if not any(re.search(_IN_FORCE, message) for message in told):
            problems = [line.removeprefix(_REFUSED) for line in told if line.startswith(_REFUSED)]
            raise RefusedError(problems or told)
        return tuple(
            line.removeprefix("changed: ") for line in told if line.startswith("changed: ")
        )

    def status(self) -> dict[str, Any]:
        """What there is to see of it now: what ``pointsman status --json`` prints.

        Raises:
            UnreachableError: it does not run.
        """
        place = find_control_place(str(self.path))
        assert place is not None
        asker = Asker(place)
        try:
            seen: dict[str, Any] = asker.ask("status")
        finally:
            asker.close()
        return seen

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._program is not None
        return self._program.pid

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._program is not None and self._program.running

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._program is not None:
            self._program.kill()

    def end(self) -> None:
        """End it in order."""
        if self._program is not None:
            self._program.end()
