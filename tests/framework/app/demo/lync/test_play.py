"""However it ends, the exit status says how, and nothing is left of it."""

from __future__ import annotations

import io
import os
import signal
import threading
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


def test_a_signal_while_it_stays_up_ends_just_that(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd_asked = threading.Event()

    def come_back(tour: Tour, *_: object) -> dict[str, int]:
        if not crowd_asked.is_set():
            crowd_asked.set()
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        return {}

    monkeypatch.setattr(played, "BUILDING", ())
    monkeypatch.setattr(played, "LIVING", ())
    monkeypatch.setattr(Tour, "come_back", come_back)
    out = io.StringIO()
    assert play(Console(file=out, width=118), fast=True, seconds=600.0, private=True) == SEEN
    told = out.getvalue()
    assert "$ curl --insecure --connect-to ::127." in told
    assert "s left, 0 clients came back" in told
    assert "What every client saw" in told
    assert crowd_asked.is_set()
