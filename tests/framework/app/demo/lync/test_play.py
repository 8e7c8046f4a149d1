"""However it ends, the exit status says how, and nothing is left of it."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pointsman.app.demo.lync import play as played
from pointsman.app.demo.lync.play import NOT_SEEN, SEEN, STOPPED, StoppedError, play
from pointsman.app.demo.lync.tour import Tour


class Noted:
    """A step that notes where it was, and then does something."""

    def __init__(self, then: Callable[[Tour], object]) -> None:
        self.then = then
        self.folder = Path()
        self.pids: list[int] = []

    def __call__(self, tour: Tour) -> None:
        self.folder = tour.stage.folder
        self.pids = [each.pid for each in tour.stage.front_ends.values()]
        tour.telling.step("The only step", "there", "here")
        self.then(tour)


def fails(_: Tour) -> None:
    raise ConnectionRefusedError("nobody is there")


def is_stopped(_: Tour) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


ENDS: list[tuple[Callable[[Tour], object], int, str]] = [
    (lambda tour: tour.telling.claim("it is up", True), SEEN, "all 2 things"),
    (lambda tour: tour.telling.claim("it is up", False), NOT_SEEN, "• The only step: it is up"),
    (fails, NOT_SEEN, "seen instead: nobody is there"),
    (is_stopped, STOPPED, "stopped: nothing is left of it"),
]


@pytest.mark.parametrize(("then", "status", "told"), ENDS)
def test_the_status_says_how_it_ended_and_nothing_is_left(
    then: Callable[[Tour], object], status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Noted(then)
    monkeypatch.setattr(played, "BUILDING", (step,))
    monkeypatch.setattr(played, "LIVING", ())
    before = signal.getsignal(signal.SIGTERM)
    out = io.StringIO()
    assert play(Console(file=out, width=118), fast=True, seconds=0.0, private=True) == status
    assert told in out.getvalue()
    assert signal.getsignal(signal.SIGTERM) is before
    assert not step.folder.exists()
    for pid in step.pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_signal_is_no_error_that_a_step_could_catch() -> None:
    assert not issubclass(StoppedError, Exception)
