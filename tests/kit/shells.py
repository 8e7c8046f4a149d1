"""A shell into which a test types what a page shows, with ports of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

PATIENCE = 60.0  # seconds


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [str(sock.getsockname()[1]) for sock in sockets]


class Shell:
    """A shell of somebody who follows a page, in a home of its own.

    Args:
        home: which is empty.
        ports: as the page writes them; others take their place.
    """

    def __init__(self, home: Path, ports: Sequence[str]) -> None:
        self._ports = dict(zip(ports, free_ports(len(ports)), strict=True))
        self._here = re.compile(r"\b(?:" + "|".join(ports) + r")\b")
        binaries = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=home,
            env={"HOME": str(home), "PATH": binaries, "COLUMNS": "200", "LANG": "C.UTF-8"},
        )

    def here(self, text: str) -> str:
        """The same with the ports of this shell."""
        return self._here.sub(lambda found: self._ports[found[0]], text)

    def type_in(self, commands: str) -> tuple[int, str]:
        """Type commands in; the exit status of the last one, and what all have printed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # $! belongs to whoever follows the page, so it is not touched.
        self.process.stdin.write(f'{self.here(commands)}\necho "--status $?"\n')
        self.process.stdin.flush()
        printed = ""
        while (ended := re.search(r"^--status (\d+)\n", printed, re.MULTILINE)) is None:
            line = self.process.stdout.readline()
            assert line, f"the shell ended after:\n{printed}"
            printed += line
        return int(ended[1]), printed[: ended.start()]

    def port(self, written: str) -> int:
        return int(self._ports[written])

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.type_in("kill $(jobs -p) 2>/dev/null")
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
