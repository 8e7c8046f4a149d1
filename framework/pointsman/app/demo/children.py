"""The demonstration's real servers: processes of their own, so that one can be killed."""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys
from collections.abc import Sequence

_MODULE = "pointsman.app.demo.server"
# Until a server listens; starting Python takes most of it.
_PATIENCE = 20.0
_LAST_WISH = 5.0


class Child:
    """One server process, tethered: it ends when this program does, however that ends.

    Attributes:
        name: what it calls itself.
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.port = port
        self._process = subprocess.Popen(
            [*_command(name, port), "--tethered"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the balancer; this one ends with it
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process that was started here still runs."""
        return self._process.poll() is None

    @property
    def again(self) -> str:
        """The command that starts a server like it, to be typed by a person."""
        return " ".join(_command(self.name, self.port))

    def await_listening(self) -> None:
        """Wait until it says where it listens.

        Raises:
            RuntimeError: it ended instead, or took too long.
        """
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], _PATIENCE)
        told = out.readline().decode() if ready else ""
        if "listens on" not in told:
            self.end()
            raise RuntimeError(f"the demo server {self.name!r} did not start")
        self.port = int(told.rpartition(":")[2])

    def end(self) -> None:
        """End it and wait for it."""
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


def start(names: Sequence[str]) -> list[Child]:
    """Start a server for each name and wait until all listen.

    Raises:
        RuntimeError: one did not start; none is left.
    """
    children = [Child(name) for name in names]
    try:
        for child in children:
            child.await_listening()
    except BaseException:
        for child in children:
            child.end()
        raise
    return children


def _command(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", _MODULE, name, str(port)]
