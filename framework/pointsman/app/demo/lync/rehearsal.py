"""The front ends and the certificates alone, for a balancer that somebody builds by hand."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from rich.console import Console
from rich.text import Text

from pointsman.app.demo.lync.lab import PASSWORD, PFX, ROOT
from pointsman.app.demo.lync.play import StoppedError, signals
from pointsman.app.demo.lync.stage import Stage, StageError, staged

STOPPED = 0

_LOOK = 0.5


def rehearse(console: Console, folder: Path, *, private: bool = False) -> int:
    """Make the lab's files in a folder, and keep the front ends running until a signal comes.

    Args:
        console: where it is told what there is.
        folder: made if it is not there; the files stay.
        private: on addresses where nobody else will be.

    Returns:
        Exit status: STOPPED.

    Raises:
        StageError: the front ends could not be started, or one has ended.
        OSError: the folder cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with signals(), staged(folder, Random(), private=private) as stage:
            for line in _there(stage):
                console.print(Text(line), soft_wrap=True)
            while True:
                time.sleep(_LOOK)
                for name, front_end in stage.front_ends.items():
                    if not front_end.running:
                        raise StageError(f"the front end {name} has ended: see {name}.log")
    except StoppedError:
        return STOPPED


def _there(stage: Stage) -> list[str]:
    places = stage.places
    ports = ", ".join(map(str, sorted((*places.clear, *places.secure))))
    front_ends = [f"{name}: {host}, ports {ports}" for name, host in places.front_ends.items()]
    return [
        *front_ends,
        f"for the virtual services: {places.pool}, ports {places.clear[0]} and {places.secure[0]}; "
        f"{places.ext}, ports {places.clear[1]} and {places.secure[1]}",
        f"in {stage.folder}: {PFX} (password: {PASSWORD}) and {ROOT}",
        "Ctrl-C ends them",
    ]
