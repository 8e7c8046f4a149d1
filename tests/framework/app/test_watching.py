"""Files that have changed are read anew once they rest; a broken one changes nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from kit.child_programs import pointsman
from kit.logs import noted_log
from kit.offers import registry_of
from kit.routes import ThreadedClock
from pointsman.app.watching import EVERY, PATIENCE, Watching
from pointsman.config.load import Configuration, load
from pointsman.model.errors import ConfigError, ReloadError

SITE = """\
version: 1
watch: true
include: [more/*.yaml]
virtual_services:
  site:
    listen: "127.0.0.1:0"
    pool: {health: none, servers: {a: "127.0.0.1:1"}}
    when_down: {file: sorry.html}
"""
NOW = 1_000_000.0


class Play:
    """A configuration that is watched (app.watching.Reads)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reactor = ThreadedClock()
        self.may_change = True
        self.changes = 0
        self.failed: list[Failure] = []
        self.stamp = 0
        (folder / "more").mkdir()
        self.write("sorry.html", "sorry")
        self.write("site.yaml", SITE)
        self.configuration = self.load()
        self.watching = Watching(self, self.reactor, self.failed.append, lambda: NOW + 10)
        self.watching.heed(NOW)
        self.turn()

    def load(self) -> Configuration:
        return load(self.folder / "site.yaml", registry_of(), {})

    def write(self, name: str, text: str) -> None:
        """Write a file; each time it is a second younger, however fast the test is."""
        path = self.folder / name
        path.write_text(text)
        self.stamp += 1
        os.utime(path, (self.stamp, self.stamp))

    def change(self, config: None = None, by: str = "") -> Deferred[Any]:
        assert by == "watch"
        self.changes += 1
        try:
            self.configuration = self.load()
        except ConfigError as error:
            return fail(error)
        self.watching.heed(NOW + 5)
        return succeed(None)

    def turn(self, times: int = 1) -> None:
        """Some looks."""
        for _ in range(times):
            self.reactor.advance(EVERY)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_nothing_happens_while_nothing_changes(play: Play) -> None:
    play.turn(30)
    assert play.changes == 0


@pytest.mark.parametrize("name", ["site.yaml", "sorry.html", "more/new.yaml"])
def test_what_has_changed_is_read_once_it_rests(play: Play, name: str) -> None:
    play.write(name, SITE.replace("a:", "b:") if name == "site.yaml" else "# more\n")
    play.turn()
    assert play.changes == 0
    play.turn()
    assert play.changes == 1
    play.turn(30)
    assert play.changes == 1


def test_one_that_is_still_written_is_waited_for(play: Play) -> None:
    for number in range(4):
        play.write("sorry.html", "x" * number)
        play.turn()
    assert play.changes == 0
    play.turn()
    assert play.changes == 1


def test_one_that_never_rests_is_not_waited_for_too_long(play: Play) -> None:
    for _ in range(int(PATIENCE / EVERY) + 2):
        play.write("sorry.html", "sorry")
        play.turn()
    assert play.changes == 1


def test_what_changes_back_was_nothing(play: Play) -> None:
    before = os.stat(play.folder / "sorry.html")
    (play.folder / "sorry.html").rename(play.folder / "away")
    play.turn()
    (play.folder / "away").rename(play.folder / "sorry.html")
    os.utime(play.folder / "sorry.html", ns=(before.st_atime_ns, before.st_mtime_ns))
    play.turn(30)
    assert play.changes == 0


def test_a_broken_one_is_told_once_and_read_again_when_it_is_mended(play: Play) -> None:
    play.write("site.yaml", SITE.replace("listen", "listn"))
    play.turn(30)
    assert (play.changes, len(play.failed)) == (1, 1)
    play.write("site.yaml", SITE)
    play.turn(2)
    assert (play.changes, len(play.failed)) == (2, 1)


def test_a_file_that_came_broken_is_mended(play: Play) -> None:
    play.write("part.yaml", "nonsense: 1\n")
    play.write("site.yaml", SITE.replace("more/*.yaml", "more/*.yaml, part.yaml"))
    play.turn(30)
    assert (play.changes, len(play.failed)) == (1, 1)
    play.write("part.yaml", "pools: {}\n")
    play.turn(2)
    assert (play.changes, len(play.failed)) == (2, 1)


def test_what_changed_while_it_was_read_is_read_again(play: Play) -> None:
    text = SITE.replace("a:", "b:")
    (play.folder / "site.yaml").write_text(text)  # the configuration in force is of before
    play.watching.heed(NOW)
    play.turn(2)
    assert play.changes == 1
    os.utime(play.folder / "sorry.html", (NOW, NOW))
    play.watching.heed(NOW - 5)
    play.turn(2)
    assert play.changes == 2
    play.turn(30)
    assert play.changes == 2


def test_it_waits_with_whoever_waits_to_be_confirmed(play: Play) -> None:
    play.may_change = False
    play.write("site.yaml", SITE.replace("a:", "b:"))
    play.turn(30)
    assert play.changes == 0
    play.may_change = True
    play.turn(2)
    assert play.changes == 1


def test_who_does_not_say_so_is_not_watched(play: Play) -> None:
    play.write("site.yaml", SITE.replace("watch: true", "watch: false"))
    play.turn(2)
    assert play.changes == 1
    assert play.reactor.getDelayedCalls() == []
    play.watching.stop()


def test_after_the_end_nothing_is_left(play: Play) -> None:
    play.watching.stop()
    assert play.reactor.getDelayedCalls() == []
    play.write("site.yaml", "")
    play.turn(5)
    assert play.changes == 0


def test_a_refusal_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "change", lambda by: fail(ReloadError("not now")))
    play.write("sorry.html", "other")
    play.turn(10)
    (failure,) = play.failed
    assert failure.getErrorMessage() == "not now"


def test_a_fault_of_ours_does_not_end_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.app.watching.looked_at", lambda *_: fail(ZeroDivisionError()))
    with noted_log() as events:
        play.turn(2)
    assert any("watching files failed" in str(event) for event in events)
    monkeypatch.undo()
    play.write("sorry.html", "other")
    play.turn(3)
    assert play.changes == 1


def test_the_program_watches(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    (tmp_path / "sorry.html").write_text("sorry")
    path.write_text(SITE)
    with pointsman("run", str(path), "--log-format", "human") as program:
        program.until("site listens on")
        path.write_text(SITE.replace("when_down", "timeouts: {idle: 5s}\n    when_down"))
        program.until(f"changed, reading anew: {path}")
        program.until(r"virtual service site: timeouts\.idle 1m -> 5s")
        program.until("revision 2 is in force")
        (tmp_path / "sorry.html").write_text("very sorry")
        program.until("read anew, no setting has changed")
        path.write_text(SITE.replace("listen", "listn"))
        program.until("not reloaded: .*site.yaml:6:5: virtual_services.site.listn")
        program.signal(signal.SIGTERM)
        assert program.wait() == 0
