"""The whole demonstration: its folder, its programs, its steps, and its end, however it ends."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import FrameType

from rich.console import Console

from pointsman.app.demo.lync.building import BUILDING
from pointsman.app.demo.lync.clients import Crowd
from pointsman.app.demo.lync.closing import closing_table
from pointsman.app.demo.lync.living import LIVING, nobody_unanswered
from pointsman.app.demo.lync.log_file import NotSeenError
from pointsman.app.demo.lync.site import WEB_POOL
from pointsman.app.demo.lync.stage import Stage, StageError, staged
from pointsman.app.demo.lync.telling import Telling
from pointsman.app.demo.lync.tour import Tour
from pointsman.app.demo.tethered import Tethered
from pointsman.model.errors import PointsmanError

SEEN, NOT_SEEN = 0, 5
STOPPED = 130

READING_SECONDS = 4.0
# While the site stays up, clients come back as often.
ROUND_SECONDS = 1.0

_PREFIX = "pointsman-lync-"
# Removes the folder even if nobody else is left to do it, after all who write there are gone.
_SWEEP = (
    'cat >/dev/null; for i in 1 2 3 4 5 6; do rm -rf "$0" && [ ! -e "$0" ] && exit; sleep 1; done'
)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


# A step that cannot go on, because a program is gone or does not answer.
BROKEN = (OSError, NotSeenError, PointsmanError, StageError, subprocess.TimeoutExpired)


class StoppedError(BaseException):
    """A signal came."""


def play(console: Console, *, fast: bool, seconds: float, private: bool = False) -> int:
    """Show it.

    Args:
        console: where.
        fast: leave no time to read.
        seconds: how long the site stays up when all steps were shown.
        private: on addresses where nobody else will be.

    Returns:
        Exit status: SEEN if each thing that was claimed was seen, NOT_SEEN, or STOPPED.

    Raises:
        StageError: its front ends could not be started.
    """
    telling = Telling(console, 0.0 if fast else READING_SECONDS)
    try:
        with signals(), _folder() as folder, staged(folder, Random(), private=private) as stage:
            tour = Tour(stage, telling, Random())
            _title(telling, stage)
            try:
                _steps(tour, seconds)
            except BROKEN as error:
                telling.claim("this can be done", False, str(error))
    except StoppedError:
        console.print("\nstopped: nothing is left of it", highlight=False)
        return STOPPED
    return _verdict(telling)


def _steps(tour: Tour, seconds: float) -> None:
    for step in (*BUILDING, *LIVING):
        step(tour)
    if seconds:
        _stay(tour, seconds)
    tour.telling.step("What every client saw", "no page shows this", "the access log has it all")
    tour.telling.table(closing_table(tour.crowds))
    nobody_unanswered(tour)


def _title(telling: Telling, stage: Stage) -> None:
    places = stage.places
    front_ends = ", ".join(f"{name} {host}" for name, host in places.front_ends.items())
    ports = f"{places.secure[0]} and {places.clear[0]}", f"{places.secure[1]} and {places.clear[1]}"
    moved = f" (the article's, and {places.offset})" if places.offset else ""
    telling.title(
        "The Lync site, with pointsman in the place of the appliance",
        [
            f"two front ends, each a process:  {front_ends}",
            f"virtual services for the pool:   {places.pool}, ports {ports[0]}{moved}",
            f"virtual services from outside:   {places.ext}, ports {ports[1]}",
            f"everything is in                 {stage.folder}",
        ],
    )


def _stay(tour: Tour, seconds: float) -> None:
    """Leave the site up, with clients that come back; a signal ends just this."""
    places = tour.stage.places
    tour.telling.step(
        f"It stays up for {seconds:g} seconds",
        "Statistics > Real Time",
        "try it yourself, in another terminal; Ctrl-C ends it earlier",
    )
    there = f"::{places.pool}:{places.secure[0]}"
    tour.telling.typed(f"curl --insecure --connect-to {there} https://{WEB_POOL}/whoami")
    tour.telling.typed(f"pointsman status --watch {tour.stage.balancer.path}")
    crowd = Crowd(tour.main.clients)
    end = time.monotonic() + seconds
    with contextlib.suppress(StoppedError):
        while (left := end - time.monotonic()) > 0:
            saw = dict(tour.come_back(crowd))
            count = len(crowd.clients)
            tour.telling.tick(f"{left:4.0f} s left, {count} clients came back: {saw}")
            time.sleep(max(0.0, min(ROUND_SECONDS, end - time.monotonic())))


def _verdict(telling: Telling) -> int:
    missed = telling.missed
    total = len(telling.claims)
    if not missed:
        telling.sum_up(f"all {total} things that were claimed were seen", good=True)
        return SEEN
    telling.sum_up(f"{len(missed)} of {total} things that were claimed were not seen:", good=False)
    for claim in missed:
        telling.did(f"{claim.step}: {claim.text}")
    return NOT_SEEN


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone afterwards, even if this process is killed."""
    path = tempfile.mkdtemp(prefix=_PREFIX)
    sweeper = Tethered(["/bin/sh", "-c", _SWEEP, path])
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        sweeper.let_go()
        sweeper.wait()
        sweeper.end()


@contextlib.contextmanager
def signals() -> Iterator[None]:
    """Signals raise StoppedError; while it is ending, they are not heard any more."""

    def stop(number: int, _: FrameType | None) -> None:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise StoppedError(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in _ENDING}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
