"""The demonstration's real servers: processes of their own, so that one can be killed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pointsman.app.demo.tethered import Tethered

_MODULE = "pointsman.app.demo.server"


class Child(Tethered):
    """One server process.

    Attributes:
        name: what it calls itself.
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.port = port
        super().__init__([*_command(name, port), "--tethered"])

    @property
    def again(self) -> str:
        """The command that starts a server like it, to be typed by a person."""
        return " ".join(_command(self.name, self.port))

    def await_listening(self) -> None:
        """Wait until it says where it listens.

        Raises:
            RuntimeError: it ended instead, or took too long.
        """
        told = self.line()
        if "listens on" not in told:
            self.end()
            raise RuntimeError(f"the demo server {self.name!r} did not start")
        self.port = int(told.rpartition(":")[2])


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
