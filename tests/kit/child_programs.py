"""Programs that a test starts: watched by what they print, bounded in time, ended by the test."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 60.0  # seconds; a machine that runs other tests as well starts Python slowly


class ChildProgram:
    """A program under way, its stdout and stderr read as one.

    Attributes:
        process: as the standard library knows it.
        output: what it has printed so far.
    """

    def __init__(self, *command: str, cwd: str | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "200"},
        )
        self.output = ""

    def until(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Wait until its output matches.

        Raises:
            AssertionError: it ended or took too long without; shows what it printed.
        """
        limit = time.monotonic() + seconds
        while (found := re.search(pattern, self.output)) is None:
            more = self._read(limit - time.monotonic())
            assert more, f"no {pattern!r} in:\n{self.output}"
        return found

    def drain(self) -> None:
        """Take what it has printed by now into `output`."""
        while self._read(0.0):
            pass

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Read the rest of its output and return its exit status."""
        limit = time.monotonic() + seconds
        while self._read(limit - time.monotonic()):
            pass
        return self.process.wait(max(0.1, limit - time.monotonic()))

    def end(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self, seconds: float) -> bool:
        out = self.process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], max(0.0, seconds))
        data = os.read(out.fileno(), 65536) if ready else b""
        self.output += data.decode()
        return bool(data)


@contextmanager
def started(*command: str, cwd: str | None = None) -> Iterator[ChildProgram]:
    """Start a program and end it with the block."""
    child = ChildProgram(*command, cwd=cwd)
    try:
        yield child
    finally:
        child.end()


@contextmanager
def pointsman(*arguments: str) -> Iterator[ChildProgram]:
    """Start ``pointsman`` with these arguments and end it with the block."""
    with started(sys.executable, "-m", "pointsman", *arguments) as child:
        yield child
