"""TLS to servers: only the one that was meant is handed on, and whoever waits is always told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Hashable, Iterator
from typing import Any

import pytest
from OpenSSL import SSL

from kit.any_reactor import settle, until
from kit.certificates import Authority
from kit.streams import NotingOwner
from kit.tls import TlsPeer, ours, theirs
from pointsman.contracts import Arrival
from pointsman.core.deadlines import Deadlines
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.net.dial import Dialler
from pointsman.net.local import LocalServer
from pointsman.net.tls_dial import TlsDialler

LEAF = Authority.root().leaf("pool.example")


class Side:
    """What a TLS mode would hand over."""

    def __init__(self) -> None:
        self.context = ours()
        self.wrong = ""
        self.learnt: list[Hashable] = []
        self.breaks = False

    def key(self, server: RealServer, arrival: Arrival) -> Hashable:
        return "key"

    def connection(self, sock: Any, server: RealServer, key: Hashable) -> Any:
        if self.breaks:
            raise RuntimeError("no context")
        connection = SSL.Connection(self.context, sock)
        connection.set_connect_state()
        return connection

    def trouble(self, connection: Any, key: Hashable) -> str:
        return self.wrong

    def failure(self, connection: Any, words: str) -> str:
        return words

    def learn(self, connection: Any, key: Hashable) -> None:
        self.learnt.append(key)


class House:
    """A dialler, and a server that the test plays."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.deadlines = Deadlines(1000)
        self.side = Side()
        local: dict[str, LocalServer] = {}
        dialler = Dialler(reactor, self.deadlines, lambda host: [], local)
        self.dialler = TlsDialler("web", self.side, dialler, reactor, self.deadlines)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.server = RealServer("a", Address("127.0.0.1", self.listener.getsockname()[1]))
        self.owner = NotingOwner()
        self.peer: TlsPeer | None = None

    def dial(self, server: RealServer | None = None) -> Any:
        return self.dialler.dial(server or self.server, 5.0, self.owner, "key")

    def accept(self, context: ssl.SSLContext | None = None) -> TlsPeer:
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        self.peer = TlsPeer(sock, context or theirs(LEAF))
        return self.peer

    def until(self, condition: Any) -> None:
        def stepped() -> Any:
            if self.peer is not None:
                self.peer.step()
            return condition()

        until(self.reactor, stepped)


@pytest.fixture
def house(lean_reactor: Any) -> Iterator[House]:
    house = House(lean_reactor)
    yield house
    if house.owner.stream is not None:
        house.owner.stream.abort()
    if house.peer is not None:
        house.peer.close()
    house.listener.close()


def test_a_stream_is_handed_on_once_its_server_is_judged(house: House) -> None:
    assert house.dial() is not None
    peer = house.accept()
    house.until(lambda: house.owner.stream)
    assert house.owner.failure is None
    stream = house.owner.stream
    assert stream is not None
    stream.resume()
    stream.write(b"question")
    house.until(lambda: peer.received == b"question")
    assert house.side.learnt == []
    peer.send(b"answer")
    house.until(lambda: house.owner.data == b"answer")
    assert house.side.learnt == ["key"]
    house.deadlines.tick(1100.0)
    assert not house.owner.is_lost


def test_a_server_that_is_not_the_one_meant_gets_nothing(house: House) -> None:
    house.side.wrong = "the certificate is for other.example, not for pool.example"
    house.dial()
    peer = house.accept()
    house.until(lambda: house.owner.failure)
    failure = house.owner.failure
    assert failure is not None
    assert str(failure) == house.side.wrong
    assert (failure.phase, failure.retryable) == ("connect", True)
    assert house.dialler.troubles == {"a": house.side.wrong}
    assert house.dialler.failures == {"a": 1}
    house.until(lambda: peer.broken or peer.cut)
    assert peer.received == b""
    house.side.wrong = ""
    house.owner.failure = None
    peer.close()
    house.dial()
    house.accept()
    house.until(lambda: house.owner.stream)
    assert house.dialler.troubles == {}


def test_a_plain_server_is_said_to_be_one(house: House) -> None:
    house.dial()
    sock, _ = house.listener.accept()
    sock.send(b"220 mail.example ESMTP\r\n")
    until(house.reactor, lambda: house.owner.failure)
    sock.close()
    assert "is that port a plain one?" in str(house.owner.failure)


def test_a_silent_server_is_given_up_in_time(house: House) -> None:
    house.dial()
    sock, _ = house.listener.accept()
    settle(house.reactor)
    house.deadlines.tick(1007.0)
    assert "timed out" in str(house.owner.failure)
    sock.close()


def test_a_server_that_closes_or_refuses(house: House) -> None:
    house.dial()
    house.listener.accept()[0].close()
    until(house.reactor, lambda: house.owner.failure)
    assert "TLS handshake" in str(house.owner.failure)
    house.owner.failure = None
    port = house.server.address.port
    house.listener.close()
    house.dial(RealServer("b", Address("127.0.0.1", port)))
    until(house.reactor, lambda: house.owner.failure)
    assert "refused" in str(house.owner.failure)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_who_cancels_is_told_nothing_more(house: House, steps: int) -> None:
    call = house.dial()
    peer = house.accept()
    settle(house.reactor, steps)
    call.cancel()
    call.cancel()
    house.until(lambda: peer.broken or peer.cut)
    house.deadlines.tick(1100.0)
    assert (house.owner.stream, house.owner.failure, house.owner.losses) == (None, None, [])


def test_a_mode_that_fails_is_told_and_leaves_no_socket(house: House) -> None:
    house.side.breaks = True
    with pytest.raises(RuntimeError):
        house.dial()
    assert house.owner.failure is not None
    peer = house.accept()
    house.until(lambda: peer.broken or peer.cut)
