"""The front ends alone run until a signal comes, and leave the certificates behind."""

from __future__ import annotations

import io
import os
import signal
import threading
from pathlib import Path

import pytest
from rich.console import Console

from pointsman.app.demo.lync import rehearsal
from pointsman.app.demo.lync.lab import PFX, ROOT
from pointsman.app.demo.lync.rehearsal import rehearse
from pointsman.app.demo.lync.stage import Stage, StageError, staged


class Ended(Stage):
    """Its front ends have ended by the time that somebody looks."""

    def __enter__(self) -> Ended:
        self.front_ends["fe2"].kill()
        return self


def test_it_says_what_there_is_and_ends_by_a_signal(tmp_path: Path) -> None:
    out = io.StringIO()
    over = threading.Event()

    def interrupt() -> None:
        """Send us a signal once all is said, however long that takes."""
        while "Ctrl-C" not in out.getvalue():
            if over.wait(0.05):
                return
        os.kill(os.getpid(), signal.SIGINT)

    later = threading.Thread(target=interrupt)
    later.start()
    try:
        assert rehearse(Console(file=out, width=100), tmp_path / "lab", private=True) == 0
    finally:
        over.set()
        later.join()
    fe1, fe2, services, files, _ = out.getvalue().splitlines()
    assert fe1.startswith("fe1: 127.")
    assert fe2.endswith("ports 10080, 10443, 14443, 18080")
    assert "ports 18080 and 14443" in services
    assert "password: password" in files
    assert {path.name for path in (tmp_path / "lab").iterdir()} >= {PFX, ROOT, "fe1.pem", "fe2.pem"}


def test_a_front_end_that_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*arguments: object, **options: object) -> Stage:
        stage = staged(*arguments, **options)  # type: ignore[arg-type]
        stage.__class__ = Ended
        return stage

    monkeypatch.setattr(rehearsal, "staged", ended)
    with pytest.raises(StageError, match="the front end fe2 has ended"):
        rehearse(Console(file=io.StringIO()), tmp_path, private=True)
