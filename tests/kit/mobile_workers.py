"""Balancers in processes of their own, which share pins; their clocks are set by who asks them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import Clock

from kit.mobile_clients import BEGIN, HOUR, SESSION, Balancer
from pointsman.contracts import Persistence, Surroundings, Table
from pointsman.core.persistence_chain import Chain
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman_persistence import valkey_link
from pointsman_persistence.active_cookie import ActiveCookie
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.kept_secret import kept_secret
from pointsman_persistence.lmdb_file import opened
from pointsman_persistence.lmdb_table import LmdbTable
from pointsman_persistence.server_cookie import ServerCookie
from pointsman_persistence.source_ip import SourceIP
from pointsman_persistence.tokens import Tokens
from pointsman_persistence.valkey_settings import ValkeyTableSettings
from pointsman_persistence.valkey_settings import make as make_valkey
from pointsman_persistence.valkey_table import ValkeyTable

PATIENCE = 60.0  # seconds
# What is asked of a process; the first word of a message.
SENDS, ANSWERED, TICK, STOP = "sends", "answered", "tick", "stop"
Serve = Callable[..., None]


def persistence_of(kind: str, table: Table, secret: bytes, balancer: Balancer) -> Persistence:
    """What clients are known by: their server's cookie, or ours with their address behind it."""

    def wall() -> float:
        return BEGIN + balancer.now

    if kind == "server_cookie":
        return ServerCookie(table, b"sid", wall=wall)
    tokens = Tokens(secret, "pool", rotate=24 * HOUR)
    cookie = ActiveCookie(tokens, Inserted(b"pin", strip=True), SESSION, wall=wall)
    return Chain(cookie, SourceIP(table))


# ---- in the process ----


def with_lmdb(connection: Connection, now: float, kind: str, folder: Path) -> None:
    """Balance with pins in a file."""
    reactor = Clock()

    def make(balancer: Balancer) -> Persistence:
        table = LmdbTable(
            folder, "pool", 10_000, SESSION, None,
            lambda where: opened(where, lambda: balancer.now, lambda: BEGIN + balancer.now, "boot"),
        )  # fmt: skip
        table.start(reactor)
        return persistence_of(kind, table, kept_secret(folder), balancer)

    serving = _Serving(connection, Balancer(make, now))
    while serving.answers(connection.recv()):
        reactor.advance(0)  # the turn in which pins are written comes after the answer
    _close(serving.balancer)


def with_valkey(connection: Connection, now: float, kind: str, port: int, secret: bytes) -> None:
    """Balance with pins that are shared by a server."""
    valkey_link.PAUSES = (0.01, 0.05)
    reactor = EPollReactor()
    tables: list[ValkeyTable] = []

    def make(balancer: Balancer) -> Persistence:
        settings = ValkeyTableSettings.model_validate(
            {"server": f"127.0.0.1:{port}", "timeout": SESSION}
        )
        table = make_valkey(settings, Surroundings("pool"))
        table._clock = lambda: balancer.now
        table.start(reactor)
        tables.append(table)
        return persistence_of(kind, table, secret, balancer)

    reader = _Reader(connection, _Serving(connection, Balancer(make, now)), reactor, tables[0])
    tables[0].when_ready(lambda: reactor.addReader(reader))
    reactor.run(installSignalHandlers=False)
    _close(reader.serving.balancer)


class _Serving:
    """Does what it is asked, and answers."""

    def __init__(self, connection: Connection, balancer: Balancer) -> None:
        self.balancer = balancer
        self._connection = connection

    def answers(self, message: tuple[Any, ...]) -> bool:
        """Whether it goes on after that."""
        what, *about = message
        said: Any = None
        if what == SENDS:
            now, ip, wire = about
            request = RequestHead(b"GET", b"/", host=b"example.org", wire=wire)
            said = self.balancer.sends(now, ip, request)
        elif what == ANSWERED:
            status, wire = about
            head = self.balancer.answered(ResponseHead(status, wire=wire))
            said = head.status, [*head.headers]
        elif what == TICK:
            (self.balancer.now,) = about
        self._connection.send(said)
        return str(what) != STOP


class _Reader:
    """Reads from the connection whenever the reactor finds something there (IReadDescriptor)."""

    def __init__(
        self, connection: Connection, serving: _Serving, reactor: Any, table: ValkeyTable
    ) -> None:
        self.serving = serving
        self._connection = connection
        self._reactor = reactor
        self._table = table

    def fileno(self) -> int:
        return self._connection.fileno()

    def logPrefix(self) -> str:
        return "mobile"

    def connectionLost(self, reason: object) -> None:
        self._reactor.stop()

    def doRead(self) -> None:
        message = self._connection.recv()
        if message[0] == TICK:
            self.serving.balancer.now = message[1]
            self._settle(message)
        elif not self.serving.answers(message):
            self._reactor.stop()

    def _settle(self, message: tuple[Any, ...], turns: int = 2) -> None:
        """Answer a tick once the server knows all, and what it told before that was heard."""
        table = self._table
        if table._is_up and table._under_way:
            self._reactor.callLater(0, self._settle, message)
        elif turns:
            self._reactor.callLater(0, self._settle, message, turns - 1)
        else:
            is_shared = table._is_up and not table._is_lost
            self._connection.send(is_shared)


def _close(balancer: Balancer) -> None:
    table = balancer.persistence.table
    if table is not None:
        table.close()


# ---- seen from outside ----


class Worker:
    """A balancer in a process of its own (kit.mobile_clients.Balances).

    Args:
        serve: what the process does.
        now: what its clock begins with.
        about: for ``serve``.
    """

    def __init__(self, serve: Serve, now: float, *about: object) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, now, *about), daemon=True)
        self.process.start()
        theirs.close()

    def sends(self, now: float, ip: str, request: RequestHead) -> str:
        wire = b"".join(b"%b: %b\r\n" % field for field in request.headers)
        return str(self._ask(SENDS, now, ip, wire))

    def answered(self, head: ResponseHead) -> ResponseHead:
        fields: list[Field]
        wire = b"".join(b"%b: %b\r\n" % field for field in head.headers)
        status, fields = self._ask(ANSWERED, head.status, wire)
        return ResponseHead(status, wire=b"".join(b"%b: %b\r\n" % field for field in fields))

    def tick(self, now: float) -> bool:
        """Set its clock, and let it do what is under way; whether it is one with the others."""
        return bool(self._ask(TICK, now))

    def stop(self) -> None:
        """End it as a restart does."""
        self._ask(STOP)
        self._gone()
        assert self.process.exitcode == 0

    def kill(self) -> None:
        """End it, in the middle of whatever it does."""
        self.process.kill()
        self._gone()
        assert self.process.exitcode == -signal.SIGKILL

    def end(self) -> None:
        """End it if it is still there."""
        if self.process.is_alive():
            self.process.kill()
            self._gone()

    def _gone(self) -> None:
        self.process.join(PATIENCE)
        self._connection.close()

    def _ask(self, *message: object) -> Any:
        self._connection.send(message)
        if not self._connection.poll(PATIENCE):
            raise AssertionError(f"no answer to {message}")
        return self._connection.recv()


@contextmanager
def workers(count: int, serve: Serve, *about: object) -> Iterator[list[Worker]]:
    """Run some that are alike; those that are put into their places are ended as well."""
    started: list[Worker] = []
    try:
        for _ in range(count):
            started.append(Worker(serve, 0.0, *about))
        yield started
    finally:
        for worker in started:
            worker.end()


def tick_all(some: Sequence[Worker], now: float) -> list[bool]:
    """Let each settle, one after the other."""
    return [worker.tick(now) for worker in some]
