"""A program that a demonstration starts, and that ends when the demonstration does."""

from __future__ import annotations

import contextlib
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Until a program says what it is expected to say; starting Python takes most of it.
_PATIENCE = 60.0
_LAST_WISH = 5.0


class Tethered:
    """A child process that hears words on its stdin, and sees that closed when we are gone.

    Args:
        command: program and arguments.
        folder: where it works, None for where we do.
        environ: its environment, None for ours.
        log: file to which its stderr is added, None for our own stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        with contextlib.ExitStack() as stack:
            stderr = stack.enter_context(log.open("ab")) if log is not None else None
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,  # Ctrl-C is for the demonstration; this one ends with it
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def line(self) -> str:
        """The next line that it prints, "" if none comes in time."""
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], _PATIENCE)
        return out.readline().decode() if ready else ""

    def tell(self, word: str) -> str:
        """Say a word on its stdin, and wait for the line that it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()
        return self.line()

    def let_go(self) -> None:
        """Close its stdin: it ends by itself."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def wait(self) -> int:
        """Wait for its end; its exit status.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        return self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self.end()

    def end(self) -> None:
        """End it in order and wait for it."""
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(_LAST_WISH)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_LAST_WISH)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
