"""The client connections of a service: taken in, counted, refused, drained, ended."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from kit.conversations import GET
from kit.played_site import PlayedSite
from kit.rulebooks import PlannedRules, Waiting
from pointsman.core.rules import Rules
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Close, Decision, Forward
from pointsman.model.service import Limits
from pointsman.net.http_clients import HttpClients


class Door:
    """Real sockets into the clients of a played site; reads happen in ``turn``."""

    def __init__(self, site: PlayedSite, stack: ExitStack) -> None:
        self.site = site
        self.reactor = MemoryReactorClock()
        self.stack = stack
        self.clients = HttpClients(site.supplies, self.reactor, site.deadlines, site.lines)

    def knock(self, said: bytes = b"") -> socket.socket:
        """A client connects and says this; its end of the connection."""
        ours, theirs = socket.socketpair()
        self.stack.callback(theirs.close)
        ours.setblocking(False)
        theirs.settimeout(5)
        theirs.sendall(said)
        self.clients.accepted(ours, ("", 0))
        self.turn()
        return theirs

    def turn(self) -> None:
        for reader in self.reactor.getReaders():
            reader.doRead()
        self.site.settle()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_connections_are_counted_in_and_out(stack: ExitStack) -> None:
    site = PlayedSite()
    door = Door(site, stack)
    one, _ = door.knock(), door.knock()
    assert (site.service.accepted, site.service.connections, len(door.clients)) == (2, 2, 2)
    one.close()
    door.turn()
    assert (site.service.accepted, site.service.connections, len(door.clients)) == (2, 1, 1)
    door.clients.stop()


def test_hooks_are_told_where_a_client_comes_from(stack: ExitStack) -> None:
    site = PlayedSite()
    told: list[tuple[str, ConnectionFacts]] = []
    site.service.connected = (lambda name, facts: told.append((name, facts)),)
    door = Door(site, stack)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            sock, peer = server.accept()
            sock.setblocking(False)
            door.clients.accepted(sock, peer)
            assert told == [
                (
                    "service",
                    ConnectionFacts("127.0.0.1", client.getsockname()[1], "127.0.0.1", port),
                )
            ]
            door.clients.stop()


def test_a_hook_that_raises_leaves_nothing_counted(stack: ExitStack) -> None:
    site = PlayedSite()

    def hook(name: str, facts: ConnectionFacts) -> None:
        raise LookupError

    site.service.connected = (hook,)
    door = Door(site, stack)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(LookupError):
        door.clients.accepted(ours, ("", 0))
    assert (site.service.accepted, site.service.connections, len(door.clients)) == (0, 0, 0)


def test_one_too_many_is_told_so_and_does_not_count(stack: ExitStack) -> None:
    site = PlayedSite(limits=Limits(connections=1))
    door = Door(site, stack)
    one = door.knock()
    refused = door.knock(GET)
    answer = refused.recv(4096)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Connection: close\r\n" in answer
    assert site.ends == ["overloaded"]
    assert (site.service.connections, len(door.clients)) == (1, 2)
    one.close()
    door.turn()
    door.knock(GET)  # there is room, though the refused one still lingers
    assert len(site.servers) == 1
    site.passes(5)
    assert refused.recv(1) == b""
    assert (site.service.connections, len(door.clients)) == (1, 1)
    door.clients.stop()
    assert (site.service.connections, len(door.clients)) == (0, 0)


def test_draining_leaves_exchanges_and_stop_ends_them(stack: ExitStack) -> None:
    site = PlayedSite()
    door = Door(site, stack)
    idle, busy = door.knock(), door.knock(GET)
    door.clients.drain()
    assert idle.recv(1) == b""
    assert len(door.clients) == 1
    door.clients.stop()
    assert busy.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert len(door.clients) == 0
    assert site.ends == ["stopped"]
    site.check_counters()


def test_a_service_that_is_disabled_takes_nobody(stack: ExitStack) -> None:
    site = PlayedSite()
    site.service.enabled = False
    door = Door(site, stack)
    assert door.knock().recv(1) == b""
    assert (site.service.accepted, len(door.clients)) == (0, 0)


# ---- rules ----


def ruled(site: PlayedSite, **plans: Any) -> PlannedRules:
    book = PlannedRules(**plans)
    site.service.rules = Rules([book], {"pool": site.pool})
    return book


def test_rules_may_close_a_client_or_let_it_in(stack: ExitStack) -> None:
    site = PlayedSite()
    decisions: list[Decision | None] = [Forward("pool"), Close()]
    closed: list[object] = []
    ruled(site, connection=lambda _: decisions.pop(), close=closed.append)
    door = Door(site, stack)
    assert door.knock().recv(1) == b""
    assert (site.service.accepted, len(closed)) == (0, 1)
    door.knock(GET)
    assert len(site.servers) == 1
    door.clients.stop()
    assert len(closed) == 2
    assert len(door.clients) == 0


def test_what_rules_remember_of_a_connection_its_requests_know(stack: ExitStack) -> None:
    site = PlayedSite()
    seen: list[object] = []
    ruled(
        site,
        connection=lambda client: client.memory.update(a=1),
        request=lambda exchange: seen.append(dict(exchange.memory)),
    )
    door = Door(site, stack)
    door.knock(GET)
    assert seen == [{"a": 1}]
    door.clients.stop()


def test_draining_closes_whom_rules_still_think_about(stack: ExitStack) -> None:
    site = PlayedSite()
    waiting = Waiting()
    ruled(site, connection=waiting)
    door = Door(site, stack)
    client = door.knock()
    assert len(door.clients) == 1
    door.clients.drain()
    assert client.recv(1) == b""
    assert (waiting.cancelled, len(door.clients)) == (1, 0)


def succeeded(door: Door, limits: Limits) -> HttpClients:
    """The settings of the service were changed: who takes the place of the door's clients."""
    site = door.site
    site.service.settings = replace(site.service.settings, limits=limits)
    clients = HttpClients(site.supplies, door.reactor, site.deadlines, site.lines)
    clients.succeed(door.clients)
    return clients


def test_after_a_reload_clients_go_on_with_the_new_settings(stack: ExitStack) -> None:
    site = PlayedSite()
    door = Door(site, stack)
    idle, busy = door.knock(), door.knock(GET)
    clients = succeeded(door, Limits(header_count=1))
    assert (len(clients), site.service.connections) == (2, 2)
    many = GET.replace(b"\r\n\r\n", b"\r\nA: 1\r\nB: 2\r\n\r\n")
    idle.sendall(many)
    door.turn()
    assert idle.recv(4096).startswith(b"HTTP/1.1 431 ")
    # The exchange that was under way ends as it began; what follows does not.
    site.plays(site.servers[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert busy.recv(4096).startswith(b"HTTP/1.1 200 ")
    busy.sendall(many)
    door.turn()
    assert busy.recv(4096).startswith(b"HTTP/1.1 431 ")
    idle.close()
    busy.close()
    door.turn()
    site.passes(5)
    assert (len(clients), len(door.clients), site.service.connections) == (0, 0, 0)


def test_after_many_reloads_the_newest_settings_hold(stack: ExitStack) -> None:
    site = PlayedSite()
    door = Door(site, stack)
    busy = door.knock(GET)
    for count in (100, 50, 1):
        door.clients = succeeded(door, Limits(header_count=count))
    site.plays(site.servers[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert busy.recv(4096).startswith(b"HTTP/1.1 200 ")
    busy.sendall(GET.replace(b"\r\n\r\n", b"\r\nA: 1\r\nB: 2\r\n\r\n"))
    door.turn()
    assert busy.recv(4096).startswith(b"HTTP/1.1 431 ")
    door.clients.stop()


def test_draining_reaches_who_is_still_busy_with_the_old_settings(stack: ExitStack) -> None:
    site = PlayedSite()
    door = Door(site, stack)
    busy = door.knock(GET)
    clients = succeeded(door, Limits())
    clients.drain()
    site.plays(site.servers[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    answer = busy.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert busy.recv(4096) == b""
    door.turn()
    assert len(clients) == 0
