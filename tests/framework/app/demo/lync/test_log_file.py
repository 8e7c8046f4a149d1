"""A log is read while it is written, a line at a time, and waited for with a bound."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from pointsman.app.demo.lync.log_file import LogFile, NotSeenError, eventually


def say(path: Path, *messages: str) -> None:
    with path.open("a") as file:
        for message in messages:
            file.write(json.dumps({"message": message}) + "\n")


def test_what_is_told_is_there_and_half_a_line_is_not_yet(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(path)
    assert log.messages == []
    say(path, "one", "two\nlines")
    with path.open("a") as file:
        file.write("not JSON\n" + '{"message": "hal')
    assert log.messages == ["one", "two\nlines", "not JSON"]
    with path.open("a") as file:
        file.write('f"}\n7\n')
    assert log.messages[3:] == ["half", "7"]


def test_what_came_before_the_mark_does_not_count(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    say(tmp_path / "log", "revision 1 is in force")
    mark = log.mark
    assert log.found(r"revision \d+") is not None
    assert log.found(r"revision \d+", mark) is None
    later = threading.Timer(0.05, say, (tmp_path / "log", "revision 2 is in force"))
    later.start()
    assert log.until(r"revision (\d+)", mark)[1] == "2"
    later.join()


def test_a_writer_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    say(tmp_path / "log", "cannot listen")
    with pytest.raises(NotSeenError, match=r"does not say 'listens';(.|\n)*cannot listen"):
        log.until("listens", running=lambda: False)


def test_the_last_state_of_each_server_counts(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    say(
        tmp_path / "log",
        "fe-http/fe1 is down: 403 not among accepted 200-299",
        "fe-http/fe2 is up: 200 to GET /",
        "FE Pool HTTP is degraded: 1 of 2 servers work",
        "fe-http/fe1 is slow-start: it came back",
    )
    assert log.states() == {
        ("fe-http", "fe1"): ("slow-start", "it came back"),
        ("fe-http", "fe2"): ("up", "200 to GET /"),
    }


def test_what_does_not_come_true_is_given_up() -> None:
    assert eventually(lambda: True)
    assert not eventually(lambda: False, 0.05)
