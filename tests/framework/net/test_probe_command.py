"""Commands as probes: never a shell, bounded in time and output, and nothing is left of them."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kit.any_reactor import settle, until
from kit.probing import attempt_once, probe_once, said
from pointsman.contracts import OverCommand, Verdict
from pointsman.core.health_report import Report
from pointsman.model.server import RealServer
from pointsman.net.attempt import READ_LIMIT


class OutputProbe:
    def __init__(self) -> None:
        self.output = b""

    def start(self) -> bytes:
        return b""

    def receive(self, data: bytes) -> None:
        self.output += data

    def closed(self) -> Verdict:
        raise AssertionError("a command exits")

    def exited(self, status: int) -> Verdict:
        return Verdict(status == 0, f"status {status}: {self.output.decode()}")


@dataclass
class Command:
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    describes: str = "command"

    def probe(self, server: RealServer) -> OutputProbe:
        return OutputProbe()

    def over(self, server: RealServer) -> OverCommand:
        return OverCommand(self.command, self.environment)


SERVER = RealServer("a", local="nowhere")


def run(*command: str, timeout: float = 10.0, turns: int = 0) -> Report:
    return probe_once(Command(command), SERVER, timeout=timeout, turns=turns)


def sh(script: str, timeout: float = 10.0, turns: int = 0) -> Report:
    return run("/bin/sh", "-c", script, timeout=timeout, turns=turns)


def test_status_and_output_are_judged() -> None:
    report = sh("echo fine; echo and more >&2")
    assert said(report) == ("good", "status 0: fine\nand more\n")
    assert report.steps[0].words.endswith(" runs /bin/sh")
    assert report.steps[-1].words == "status 0"
    assert said(sh("echo ill; exit 3")) == ("bad", "status 3: ill\n")


def test_it_works_on_every_reactor(any_reactor: Any) -> None:
    reports: list[Report] = []
    script = "sleep 0.05; echo fine; sleep 60 & exec >&- 2>&-; exit 3"
    command = Command(("/bin/sh", "-c", script))
    attempt_once(any_reactor, command, SERVER, 10.0).addCallback(reports.append)
    until(any_reactor, lambda: reports)
    assert said(reports[0]) == ("bad", "status 3: fine\n")
    settle(any_reactor)
    assert any_reactor.getReaders() == [*any_reactor._internalReaders]


def test_a_signal_is_a_negative_status() -> None:
    assert said(sh("kill -9 $$")) == ("bad", "status -9: ")


def test_there_is_no_shell() -> None:
    assert said(run("/bin/echo", "$HOME;", "*"))[1] == "status 0: $HOME; *\n"


def test_it_sees_little_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PFX_PASSWORD", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    command = Command(("/usr/bin/env",), (("POINTSMAN_SERVER", "a"),))
    output = said(probe_once(command, SERVER))[1].partition(": ")[2]
    seen = dict(line.split("=", 1) for line in output.splitlines())
    assert {"PATH", "LANG", "POINTSMAN_SERVER"} <= {*seen}
    assert {*seen} <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "POINTSMAN_SERVER"}


def test_it_can_read_nothing_from_us() -> None:
    assert said(sh("cat; pwd")) == ("good", "status 0: /\n")


def is_gone(pid: int) -> bool:
    """Whether that process ends soon, or is a zombie that its own parent has to reap."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def test_time_is_up_for_it_and_for_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # It ignores what it can, and has a child that does so too.
    script = f"trap '' TERM HUP INT; (trap '' TERM HUP; sleep 60) & echo $$ $! > {pids}; wait"
    report = sh(script, timeout=0.5, turns=20)
    assert said(report) == ("silent", "no answer within 500ms")
    first, second = map(int, pids.read_text().split())
    assert is_gone(first)
    assert is_gone(second)
    with pytest.raises(ChildProcessError):  # it was reaped: there is no zombie of ours
        os.waitpid(first, os.WNOHANG)


def test_what_it_leaves_behind_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # The child holds the output open: that must not keep the check waiting.
    report = sh(f"sleep 60 & echo $! > {pids}; echo done", turns=20)
    assert said(report) == ("good", "status 0: done\n")
    assert is_gone(int(pids.read_text()))


def test_endless_output_is_cut() -> None:
    report = sh("while :; do echo 0123456789012345678901234567890123456789; done", turns=20)
    assert said(report) == ("bad", "sent more than 128KiB and no end in sight")
    assert READ_LIMIT < report.received_size <= READ_LIMIT + 16384


def test_closed_output_is_not_the_end() -> None:
    assert said(sh("exec >&- 2>&-; sleep 0.1; exit 4")) == ("bad", "status 4: ")


def test_what_cannot_be_run_is_not_the_servers_fault(tmp_path: Path) -> None:
    assert said(run("/no/such/program")) == (
        "unable",
        "cannot run /no/such/program: No such file or directory",
    )
    plain = tmp_path / "plain"
    plain.write_text("hello")
    assert said(run(str(plain))) == ("unable", f"cannot run {plain}: Permission denied")


def test_a_shortage_of_ours_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*arguments: object, **options: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", short)
    outcome, reason = said(run("/bin/true"))
    assert outcome == "unable"
    assert reason.endswith("(this machine is short of something)")


def test_without_a_pidfd_it_is_not_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(pid: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("os.pidfd_open", none)
    outcome, reason = said(run("/bin/sleep", "60"))
    assert (outcome, "cannot watch /bin/sleep" in reason) == ("unable", True)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_our_own_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    assert said(run("/bin/true"))[0] == "good"
    assert signal.getsignal(signal.SIGCHLD) is before
