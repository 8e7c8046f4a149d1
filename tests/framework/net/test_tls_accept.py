"""Handshakes of clients: each in its time, none in another's way, failures counted in words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL import SSL

from kit.any_reactor import settle, until
from kit.certificates import Authority
from kit.sockets import socket_pair
from kit.tls import TlsPeer, ours, theirs
from pointsman.contracts.tls import TlsFacts
from pointsman.core.deadlines import Deadlines
from pointsman.model.connection import ConnectionFacts
from pointsman.net.stream import Stream
from pointsman.net.tls_accept import GAVE_UP, STOPPING, TIMED_OUT, TlsAccepting, turn_away

LEAF = Authority.root().leaf("pool.example")


class Side:
    """What a TLS mode would hand over."""

    handshake_timeout = 10.0
    strict = False
    response_lines = b""
    own_response_fields = ()
    own_request_fields = ()

    def __init__(self) -> None:
        self.context = ours(LEAF)
        self.most_handshakes = 0
        self.breaks = False

    def connection(self, sock: Any) -> Any:
        if self.breaks:
            raise RuntimeError("no certificate")
        connection = SSL.Connection(self.context, sock)
        connection.set_accept_state()
        return connection

    def facts(self, connection: Any) -> TlsFacts:
        name = connection.get_servername()
        return TlsFacts(name.decode() if name else "", b"X-Test: 1\r\n")

    def failure(self, connection: Any, words: str) -> str:
        return words

    def serves(self, server_name: str, host: bytes) -> bool:
        return True


class Arrived:
    """What is handed on."""

    def __init__(self) -> None:
        self.clients: list[tuple[Stream, ConnectionFacts, TlsFacts]] = []

    def arrived(self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts) -> None:
        self.clients.append((stream, facts, tls))


class House:
    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.deadlines = Deadlines(1000)
        self.side = Side()
        self.arrived = Arrived()
        self.accepting = TlsAccepting("web", self.side, reactor, self.deadlines, self.arrived)
        self.peers: list[TlsPeer] = []

    def client(self, name: str | None = None, context: ssl.SSLContext | None = None) -> TlsPeer:
        one, two = socket_pair()
        peer = TlsPeer(two, context or theirs(), name)
        self.peers.append(peer)
        self.accepting.accepted(one, two.getsockname())
        return peer

    def refused(self, count: int) -> None:
        until(self.reactor, lambda: self.accepting.failures.total() == count)

    def until(self, condition: Any, *peers: TlsPeer) -> None:
        def stepped() -> Any:
            for peer in peers:
                peer.step()
            return condition()

        until(self.reactor, stepped)


@pytest.fixture
def house(lean_reactor: Any) -> Iterator[House]:
    house = House(lean_reactor)
    yield house
    house.accepting.stop()
    for stream, *_ in house.arrived.clients:
        turn_away(stream)
    for peer in house.peers:
        peer.close()
    assert len(house.accepting) == 0


def test_a_client_arrives_when_its_handshake_is_done(house: House) -> None:
    peer = house.client("pool.example")
    assert len(house.accepting) == 1
    house.until(lambda: house.arrived.clients, peer)
    ((stream, facts, tls),) = house.arrived.clients
    assert (facts.secure, facts.server_name) == (True, "pool.example")
    assert (facts.peer_ip, facts.peer_port) == peer.sock.getsockname()
    assert (facts.local_ip, facts.local_port) == peer.sock.getpeername()
    assert tls.lines == b"X-Test: 1\r\n"
    assert (house.accepting.done, len(house.accepting)) == (1, 0)
    stream.write(b"hello")
    house.until(lambda: peer.received == b"hello", peer)


def test_silent_and_slow_clients_hold_nobody_up_and_are_ended_in_time(house: House) -> None:
    silent = [house.client() for _ in range(20)]
    slow = house.client()
    slow.step(50)
    quick = house.client()
    house.until(lambda: house.arrived.clients, quick)
    assert len(house.accepting) == 21
    house.deadlines.tick(1012.0)
    assert len(house.accepting) == 0
    assert house.accepting.failures == {TIMED_OUT: 21}
    house.until(lambda: all(peer.broken or peer.cut for peer in silent), *silent)
    assert len(house.arrived.clients) == 1


def test_a_handshake_in_time_is_not_ended_by_its_old_deadline(house: House) -> None:
    peer = house.client()
    house.until(lambda: house.arrived.clients, peer)
    house.deadlines.tick(1012.0)
    settle(house.reactor)
    peer.step()
    assert (peer.broken, peer.cut) == (None, False)


def test_handshakes_under_way_are_limited(house: House) -> None:
    house.side.most_handshakes = 2
    peers = [house.client() for _ in range(3)]
    assert (len(house.accepting), house.accepting.refused) == (2, 1)
    house.until(lambda: peers[2].broken or peers[2].cut, peers[2])
    house.until(lambda: len(house.arrived.clients) == 2, *peers[:2])
    another = house.client()
    house.until(lambda: len(house.arrived.clients) == 3, another)


def test_plain_http_gets_a_plain_400_and_all_of_it(house: House) -> None:
    peer = house.client()
    peer.sock.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + bytes(90000))
    received = bytearray()

    def ended() -> bool:
        try:
            data = peer.sock.recv(65536)
        except BlockingIOError:
            return False
        received.extend(data)
        return not data

    until(house.reactor, ended)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert b"https://" in body
    assert house.accepting.failures == {"plain HTTP was sent to a TLS port": 1}
    assert len(house.accepting) == 1
    peer.sock.close()
    until(house.reactor, lambda: len(house.accepting) == 0)


def test_who_does_not_read_the_400_is_not_waited_for(house: House) -> None:
    peer = house.client()
    peer.sock.send(b"GET / HTTP/1.1\r\n\r\n")
    until(house.reactor, lambda: house.accepting.failures)
    house.deadlines.tick(1010.0)
    assert len(house.accepting) == 0


def test_a_client_that_leaves_is_counted_and_so_is_one_that_distrusts_us(house: House) -> None:
    gone = house.client()
    gone.step(20)
    gone.close()
    until(house.reactor, lambda: house.accepting.failures)
    assert house.accepting.failures == {GAVE_UP: 1}
    distrusts = house.client(context=theirs(trusts=Authority.root("Another")))
    house.until(lambda: len(house.accepting.failures) == 2, distrusts)
    assert any("unknown ca" in words for words in house.accepting.failures)


def test_stopping_gives_up_what_is_under_way(house: House) -> None:
    peer = house.client()
    house.accepting.stop()
    assert (len(house.accepting), house.accepting.failures) == (0, {STOPPING: 1})
    house.until(lambda: peer.broken or peer.cut, peer)


def test_a_mode_that_fails_leaves_no_socket_open(house: House) -> None:
    house.side.breaks = True
    with pytest.raises(RuntimeError):
        house.client()
    peer = house.peers[-1]
    house.until(lambda: peer.broken or peer.cut, peer)
    assert len(house.accepting) == 0


def test_words_that_clients_make_up_do_not_fill_memory(house: House) -> None:
    class Talkative(Side):
        number = 0

        def failure(self, connection: Any, words: str) -> str:
            self.number += 1
            return f"reason {self.number}"

    house.accepting.side = Talkative()
    for number in range(70):
        peer = house.client()
        peer.sock.send(b"noise that is no TLS at all")
        house.refused(number + 1)
    assert len(house.accepting.failures) == 65
    assert house.accepting.failures["other reasons"] == 6
