"""The running program with a configuration of the test's, and what it writes about its work."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kit.child_programs import ChildProgram, pointsman

PATIENCE = 30.0  # seconds
SILENT = {"x_forwarded": False, "via": False}
Place = tuple[str, int]
Record = dict[str, Any]


def service(
    *servers: str | Mapping[str, Any], pool: Mapping[str, Any] | None = None, **keys: Any
) -> Record:
    """Configure a virtual service on a free port; its servers are called a, b, c ..."""
    named = {chr(ord("a") + index): server for index, server in enumerate(servers)}
    return {
        "listen": "127.0.0.1:0",
        "pool": {"health": "none", **(pool or {}), "servers": named},
        **keys,
    }


class RunningSite:
    """A pointsman under way.

    Attributes:
        program: its process.
        access_log: where it writes records, as JSON.
    """

    def __init__(self, program: ChildProgram, access_log: Path, services: list[str]) -> None:
        self.program = program
        self.access_log = access_log
        for name in services:
            program.until(rf"\b{name} listens on ")

    @property
    def pid(self) -> int:
        return self.program.process.pid

    def place(self, name: str = "site") -> Place:
        """Where a service listens, on TCP."""
        found = re.search(rf"\b{name} listens on ([\d.]+):(\d+)", self.program.output)
        assert found is not None, self.program.output
        return found[1], int(found[2])

    def url(self, path: str = "/", name: str = "site") -> str:
        """The same as clients want it."""
        return "http://{}:{}".format(*self.place(name)) + path

    def records(self) -> list[Record]:
        """Every record that is written by now."""
        return [json.loads(line) for line in self.access_log.read_text().splitlines()]

    def record_of(self, target: str | None, seconds: float = PATIENCE) -> Record:
        """Wait for the record of the last request of this target, or tunnel (None)."""

        def found() -> list[Record]:
            return [record for record in self.records() if record["target"] == target]

        eventually(lambda: bool(found()), seconds)
        return found()[-1]


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so that nobody tells us of: it is looked at again and again.

    Raises:
        AssertionError: it took too long.
    """
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.01)


@contextmanager
def running_site(
    folder: Path, *, more: Record | None = None, **services: Any
) -> Iterator[RunningSite]:
    """Run pointsman with these services and end it with the block, which must go well.

    Args:
        folder: for its configuration (JSON is YAML) and its access log.
        more: further sections of the configuration.
        services: by name, as `service` makes them.
    """
    access_log = folder / "access.log"
    access_log.touch()
    path = folder / "site.yaml"
    config = {
        "version": 1,
        "access_log": {"to": {"file": str(access_log)}},
        "defaults": {"timeouts": {"drain": "0s"}},  # what a test leaves open is cut at the end
        "virtual_services": services,
        **(more or {}),
    }
    path.write_text(json.dumps(config))
    with pointsman("run", str(path)) as program:
        yield RunningSite(program, access_log, list(services))
        assert program.process.poll() is None, program.output
        program.signal()
        assert program.wait() == 0, program.output
        assert "Traceback" not in program.output, program.output
