"""``pointsman demo lync``: all that it claims is seen, and nothing is left, however it ends."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from kit.child_programs import ChildProgram, pointsman
from kit.running_site import eventually
from pointsman.app.demo.lync.building import BUILDING
from pointsman.app.demo.lync.living import LIVING

# The whole of it takes a minute on a machine that is at rest.
MOST_SECONDS = 280
GONE_SECONDS = 60


def folder_of(program: ChildProgram) -> str:
    return program.until(r"everything is in +(/\S+)\n")[1]


def of_folder(folder: str) -> list[int]:
    """Processes that work in a folder, or were told of it."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            there = str((each / "cwd").readlink())
            told = (each / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if there.startswith(folder) or folder in told:
            found.append(int(each.name))
    return found


def nothing_is_left(folder: str) -> None:
    eventually(lambda: of_folder(folder) == [] and not Path(folder).exists(), GONE_SECONDS)


def test_all_that_is_claimed_is_seen() -> None:
    with pointsman("demo", "lync", "--fast") as program:
        folder = folder_of(program)
        assert program.wait(MOST_SECONDS) == 0, program.output
    told = program.output
    headings = re.findall(r"^(\d+)  \S.*─$", told, re.MULTILINE)
    assert len(headings) == len(BUILDING) + len(LIVING) + 1
    claims = re.findall(r"^✔ (.+)$", told, re.MULTILINE)
    assert claims[-1] == f"all {len(claims) - 1} things that were claimed were seen"
    assert "✘" not in told
    assert "Traceback" not in told
    # The last row of the closing table: of all requests, none was answered otherwise.
    assert re.search(r"^│all +│ +│ +│ +\d+ │ +\d+ │ +\d+ │ +0│$", told, re.MULTILINE), told
    nothing_is_left(folder)


@pytest.mark.parametrize(
    ("number", "status", "step"),
    [
        (signal.SIGINT, 130, "✔ TLS passes through"),
        pytest.param(signal.SIGTERM, 130, "✎ lync.yaml", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 130, "2  A virtual service", marks=pytest.mark.slow),
        (signal.SIGKILL, -9, "✔ FE Pool HTTP: Down"),
    ],
)
def test_a_signal_ends_it_and_nothing_is_left(
    number: signal.Signals, status: int, step: str
) -> None:
    with pointsman("demo", "lync", "--fast") as program:
        folder = folder_of(program)
        assert len(of_folder(folder)) >= 3  # two front ends and who sweeps up
        program.until(step)
        program.signal(number)
        assert program.wait() == status, program.output
        nothing_is_left(folder)
    assert "Traceback" not in program.output


def test_a_balancer_that_dies_is_noticed() -> None:
    with pointsman("demo", "lync", "--fast") as program:
        folder = folder_of(program)
        program.until("✔ TLS passes through")
        (pid,) = [
            pid
            for pid in of_folder(folder)
            if b"leash" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(pid, signal.SIGKILL)
        assert program.wait(MOST_SECONDS) == 5, program.output
        assert re.search(r"✘ \d+ of \d+ things that were claimed were not seen:", program.output)
        nothing_is_left(folder)
    assert "Traceback" not in program.output
