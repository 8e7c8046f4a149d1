"""Programs are started, told apart from dead ones, and stopped."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.failure import RivalFailed
from bench.processes import free_ports, on_core, running, stop, wait_until_it_answers

CORE = min(os.sched_getaffinity(0))


def test_ports_differ() -> None:
    assert len(set(free_ports(4))) == 4


def test_a_core_is_given_back() -> None:
    before = os.sched_getaffinity(0)
    with on_core(CORE):
        assert os.sched_getaffinity(0) == {CORE}
    assert os.sched_getaffinity(0) == before


def fail_beside(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Fail while a program runs, and return the program."""
    with contextlib.suppress(ZeroDivisionError), running(command, core=CORE, folder=folder) as it:
        assert it.poll() is None
        assert os.sched_getaffinity(it.pid) == {CORE}
        raise ZeroDivisionError
    return it


def test_a_program_ends_with_its_block_even_when_that_fails(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert fail_beside(sleep, tmp_path).returncode == -15


def test_a_program_that_will_not_end_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    command = [sys.executable, "-c", f"{stubborn}; time.sleep(60)"]
    with running(command, core=CORE, folder=tmp_path) as process:
        while not (tmp_path / "output.txt").read_text() and process.poll() is None:
            pass
        stop(process, seconds=0.1)
        assert process.returncode == -9


def test_a_program_that_dies_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with (
        running(command, core=CORE, folder=tmp_path) as process,
        pytest.raises(RivalFailed, match="status 1: no such thing"),
    ):
        wait_until_it_answers(process, free_ports(1)[0], tmp_path)
