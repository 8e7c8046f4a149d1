"""A WebSocket through the running program: opened, used, and ended by whoever ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from kit.kernel import MIB
from kit.plays import Conversation
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import Record, RunningSite, running_site, service
from kit.sockets import reset
from kit.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Frame,
    accept_of,
    answer_to,
    frame,
    new_key,
    read_frame,
    request,
)

NORMAL = (1000).to_bytes(2, "big")
GOING_AWAY = (1001).to_bytes(2, "big")


class Site(NamedTuple):
    running: RunningSite
    server: RealServer


def echo(conversation: Conversation) -> None:
    """A WebSocket that says again what it is told; told "bye" it closes the connection."""
    head = conversation.head()
    if head is None:
        return
    conversation.send(answer_to(head))
    while True:
        opcode, payload = read_frame(conversation.take)
        if payload == b"bye":
            conversation.send(frame(CLOSE, GOING_AWAY, mask=False))
            return
        if payload == b"die":
            reset(conversation.sock)
            return
        conversation.send(frame(PONG if opcode == PING else opcode, payload, mask=False))
        if opcode == CLOSE:
            return


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("websocket")
    with real_server(echo) as server:
        # One connection at a time: each test shows that the one before has given it back.
        only = {"address": server.address, "max_connections": 1}
        with running_site(folder, site=service(only)) as running:
            yield Site(running, server)


class Socket(RawClient):
    """A client's WebSocket."""

    def __init__(self, site: Site, target: bytes) -> None:
        super().__init__(site.running.place())
        key = new_key()
        self.send(request(target, key))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert b"\r\nSec-WebSocket-Accept: %b\r\n" % accept_of(key) in head
        assert b"\r\nupgrade: websocket\r\n" in head.lower()
        assert b"\r\nconnection: upgrade\r\n" in head.lower()

    def say(self, opcode: int, payload: bytes) -> None:
        self.send(frame(opcode, payload, mask=True))

    def hears(self) -> Frame:
        return read_frame(self.take)


def ended(site: Site, target: str) -> Record:
    """The record of a WebSocket, when both of its connections are closed."""
    record = site.running.record_of(target)
    site.server.until(lambda: all(talk.sock.fileno() < 0 for talk in site.server.conversations))
    assert record["status"] == 101
    return record


def test_text_and_a_ping_come_back(site: Site) -> None:
    with Socket(site, b"/text") as client:
        for text in ("hello", "", "grüß dich", "x" * 126, "y" * 70_000):
            client.say(TEXT, text.encode())
            assert client.hears() == (TEXT, text.encode())
        client.say(PING, b"are you there")
        assert client.hears() == (PONG, b"are you there")
        client.say(CLOSE, NORMAL)
        assert client.hears() == (CLOSE, NORMAL)
        assert client.rest() == b""
    record = ended(site, "/text")
    assert record["termination"] == "ok"
    assert record["bytes_out"] > 70_000


def test_a_mebibyte_comes_back(site: Site) -> None:
    payload = os.urandom(MIB)
    with Socket(site, b"/binary") as client:
        sender = threading.Thread(target=client.say, args=(BINARY, payload), daemon=True)
        sender.start()
        assert client.hears() == (BINARY, payload)
        sender.join(30)
        client.say(CLOSE, NORMAL)
        assert client.hears() == (CLOSE, NORMAL)
    record = ended(site, "/binary")
    assert record["bytes_out"] == len(frame(BINARY, payload, mask=False)) + 4
    assert record["bytes_in"] == len(frame(BINARY, payload, mask=True)) + 8


def test_the_first_frame_may_come_with_the_handshake(site: Site) -> None:
    key = new_key()
    with RawClient(site.running.place()) as client:
        client.send(request(b"/early", key) + frame(TEXT, b"early", mask=True))
        client.until(b"\r\n\r\n")
        assert client.received.endswith(b"\r\n\r\n") or client.received.endswith(b"early")
        if not client.received.endswith(b"early"):
            assert read_frame(client.take) == (TEXT, b"early")
        client.send(frame(CLOSE, NORMAL, mask=True))
        client.rest()
    ended(site, "/early")


def test_the_server_closes(site: Site) -> None:
    with Socket(site, b"/server") as client:
        client.say(TEXT, b"bye")
        assert client.hears() == (CLOSE, GOING_AWAY)
        assert client.rest() == b""
    assert ended(site, "/server")["termination"] == "ok"


@pytest.mark.parametrize(
    ("vanish", "target"),
    [(lambda client: client.sock.close(), "/left"), (lambda client: reset(client.sock), "/reset")],
    ids=["closed", "reset"],
)
def test_a_client_that_vanishes_takes_its_server_connection_along(
    vanish: Callable[[Socket], None], target: str, site: Site
) -> None:
    client = Socket(site, target.encode())
    client.say(TEXT, b"hello")
    client.hears()
    vanish(client)
    record = ended(site, target)
    assert record["termination"] == ("ok" if target == "/left" else "client_aborted")


def test_a_server_that_dies_takes_its_client_along(site: Site) -> None:
    with Socket(site, b"/died") as client:
        client.say(TEXT, b"die")
        assert client.rest() == b""
    assert ended(site, "/died")["termination"] == "upstream_aborted"


def test_over_its_limit_a_server_gets_no_further_one(site: Site) -> None:
    with Socket(site, b"/first") as client:
        with RawClient(site.running.place()) as another:
            another.send(request(b"/second", new_key()))
            assert another.until(b"\r\n\r\n").startswith(b"HTTP/1.1 503 ")
        client.say(CLOSE, NORMAL)
        client.hears()
    ended(site, "/first")
    with Socket(site, b"/third") as client:
        client.say(CLOSE, NORMAL)
        client.hears()
    ended(site, "/third")
