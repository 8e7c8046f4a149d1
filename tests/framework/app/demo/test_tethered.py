"""A tethered program hears words, and is gone when it was ended or killed."""

import os
import sys
from pathlib import Path

from pointsman.app.demo.tethered import Tethered

ECHO = """
import sys
print("ready", flush=True)
print("to stderr", file=sys.stderr, flush=True)
for line in sys.stdin:
    print("heard", line.strip(), flush=True)
"""


def test_it_says_that_it_is_ready_and_hears_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = Tethered([sys.executable, "-c", ECHO], folder=tmp_path, log=log)
    try:
        assert program.line() == "ready\n"
        assert program.tell("hello") == "heard hello\n"
        assert program.running
        os.kill(program.pid, 0)
    finally:
        program.end()
    assert not program.running
    assert log.read_text() == "to stderr\n"


def test_it_can_be_killed_and_says_nothing_more() -> None:
    program = Tethered([sys.executable, "-c", ECHO])
    program.line()
    program.kill()
    assert not program.running
    program.end()


def test_it_has_the_environment_that_it_is_given() -> None:
    program = Tethered(
        [sys.executable, "-c", "import os; print(os.environ['WORD'])"], environ={"WORD": "x"}
    )
    try:
        assert program.line() == "x\n"
    finally:
        program.end()
