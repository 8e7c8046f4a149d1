"""A server of the Redis protocol for tests, and tables that share it.

The server is Debian's redis-server, on a port and in a folder of its own.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import deferLater

from kit.real_reactor import run_reactor
from pointsman.contracts import Surroundings
from pointsman_persistence import valkey_link
from pointsman_persistence.valkey_settings import ValkeyTableSettings, make
from pointsman_persistence.valkey_table import ValkeyTable

PATIENCE = 20.0  # seconds


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ValkeyServer:
    """A server that can be killed and started again on its port. It keeps nothing on disk.

    Attributes:
        port: where it listens.
    """

    def __init__(self, program: str, folder: Path, options: Sequence[str] = ()) -> None:
        self._program = program
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", str(self._folder), "--daemonize", "no", *self._options,
        ]  # fmt: skip
        with open(self._folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        limit = time.monotonic() + PATIENCE
        while not self._listens():
            assert self._process.poll() is None, (self._folder / "server.log").read_text()
            assert time.monotonic() < limit, "the server does not come"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut would; all that it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def ask(self, *words: str | bytes) -> bytes:
        """Send one command and return the answer as it comes."""
        packed = [word.encode() if isinstance(word, str) else word for word in words]
        lines = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in packed)
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(b"*%d\r\n%b" % (len(packed), lines))
            return connection.recv(65536)

    def _listens(self) -> bool:
        try:
            return self.ask("PING")[:1] in (b"+", b"-")
        except OSError:
            return False


@contextmanager
def valkey_server(
    program: str, folder: Path, options: Sequence[str] = ()
) -> Iterator[ValkeyServer]:
    """Run a server and end it with the block."""
    folder.mkdir(exist_ok=True)
    server = ValkeyServer(program, folder, options)
    try:
        server.start()
        yield server
    finally:
        server.kill()


class Sharing:
    """Tables on one reactor, as if each were on a machine of its own."""

    def __init__(self, reactor: EPollReactor, server: ValkeyServer) -> None:
        self.reactor = reactor
        self.server = server
        self.tables: list[ValkeyTable] = []

    def table(self, name: str = "web", **options: Any) -> ValkeyTable:
        given = {"server": f"127.0.0.1:{self.server.port}", "timeout": 60.0, **options}
        table = make(ValkeyTableSettings.model_validate(given), Surroundings(name))
        table.start(self.reactor)
        self.tables.append(table)
        return table

    async def ready(self, **options: Any) -> ValkeyTable:
        table = self.table(**options)
        assert await self.until(lambda: table._is_ready)
        return table

    async def until(self, condition: Callable[[], bool]) -> bool:
        limit = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > limit:
                return False
            await deferLater(self.reactor, 0.002, lambda: None)
        return True

    async def settled(self, *tables: ValkeyTable) -> None:
        """Wait until nothing is under way."""
        marks = [*(tables or self.tables)]

        def are_level() -> bool:
            return all(
                table._is_up and not table._is_lost and not table._under_way for table in marks
            )

        assert await self.until(are_level)
        for table in marks:
            key = b"mark of " + table._who
            table.put(key, "mark", time.monotonic())
            for other in marks:
                if other._name == table._name:
                    await self.holds(other, key, "mark")

    async def holds(self, table: ValkeyTable, key: bytes, member: str | None) -> None:
        def does() -> bool:
            pin = table.peek(key, time.monotonic())
            return (pin.member if pin else None) == member

        assert await self.until(does), (key, table.peek(key, time.monotonic()), member)


def sharing(server: ValkeyServer, work: Callable[[Sharing], Awaitable[None]]) -> None:
    async def whole(reactor: EPollReactor) -> None:
        site = Sharing(reactor, server)
        try:
            await work(site)
        finally:
            for table in site.tables:
                table.close()
            await deferLater(reactor, 0.02, lambda: None)

    run_reactor(whole, seconds=60.0)


@contextmanager
def quick() -> Iterator[None]:
    """Let links connect again at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey_link, "PAUSES", (0.01, 0.05))
        yield


def now() -> float:
    return time.monotonic()
