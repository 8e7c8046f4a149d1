"""Commands of pointsman as somebody types them in the folder of the site."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Longer than any of them takes on the busiest machine.
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended.

    Attributes:
        command: as it was typed.
        status: its exit status.
        lines: what it printed, on stdout and stderr.
    """

    command: str
    status: int
    lines: tuple[str, ...]

    def says(self, words: str) -> bool:
        """Whether these words stand in what it printed."""
        return any(words in line for line in self.lines)


def type_in(folder: Path, environ: Mapping[str, str], *arguments: str) -> Ran:
    """Run ``pointsman ARGUMENTS`` in a folder.

    Raises:
        subprocess.TimeoutExpired: it does not end; it is killed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pointsman", *arguments],
        cwd=folder,
        env={**environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_PATIENCE,
        check=False,
    )
    quoted = [f"'{each}'" if "*" in each else each for each in arguments]
    lines = done.stdout.decode(errors="replace").splitlines()
    return Ran(" ".join(["pointsman", *quoted]), done.returncode, tuple(lines))
