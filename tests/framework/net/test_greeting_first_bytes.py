"""Persistences that go by what a client says first: it is waited for, within bounds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle
from kit.dialling import FakeStream
from kit.pins import Pins
from kit.sockets import PlayedPeer, reset
from kit.tcp_site import Site
from pointsman.contracts import Arrival
from pointsman.model.record import CLIENT_ABORTED
from pointsman.model.service import Timeouts


class FirstLine(Pins):
    """Goes by the first line; does not wait for it where it begins with a blank."""

    wants_first_bytes = True

    def has_enough(self, data: bytes) -> bool:
        return b"\n" in data or data.startswith(b" ")

    def find(self, arrival: Arrival, now: float) -> str | None:
        return self.pins.get(arrival.connection.first_bytes.decode())


@pytest.fixture
def open_site(lean_reactor: Any) -> Iterator[Site]:
    pins = FirstLine(**{"b please\n": "b", "b please\nmore": "b"})
    site = Site(lean_reactor, timeouts=Timeouts(header=5.0), persistence=pins)
    yield site
    site.close()


def dialled(site: Site, client: PlayedPeer) -> tuple[str, FakeStream]:
    """Whom the client is given to; there everything that it said has arrived."""
    site.until(lambda: site.dials.attempts)
    (attempt,) = site.dials.attempts
    upstream = FakeStream(attempt.owner)
    attempt.owner.dialled(upstream)
    return attempt.server.name, upstream


@pytest.mark.parametrize("pieces", [[b"b please\n"], [b"b ", b"plea", b"se\nmore"]])
def test_what_a_client_says_first_decides_and_is_sent_on(
    open_site: Site, pieces: list[bytes]
) -> None:
    client = open_site.come()
    for piece in pieces:
        settle(open_site.reactor)
        assert not open_site.dials.attempts
        client.send(piece)
        assert client.push()
    name, upstream = dialled(open_site, client)
    assert (name, upstream.written) == ("b", b"".join(pieces))
    client.sock.send(b"and on")
    open_site.until(lambda: upstream.written.endswith(b"and on"))
    upstream.owner.data_received(b"welcome")
    upstream.owner.end_received()
    open_site.until(client.pull)
    assert bytes(client.received) == b"welcome"


def test_a_client_that_waits_for_the_server_gets_one_in_time(open_site: Site) -> None:
    client = open_site.come()
    settle(open_site.reactor)
    assert not open_site.dials.attempts
    open_site.deadlines.tick(open_site.deadlines.now + 7)
    name, upstream = dialled(open_site, client)
    assert (name, upstream.written) == ("a", b"")
    upstream.owner.data_received(b"220 ready")
    upstream.owner.end_received()
    open_site.until(client.pull)
    assert bytes(client.received) == b"220 ready"


@pytest.mark.parametrize("said", [b" nothing to wait for", b"x" * 4096])
def test_a_client_is_not_waited_for_without_end(open_site: Site, said: bytes) -> None:
    client = open_site.come()
    client.send(said)
    assert client.push()
    name, upstream = dialled(open_site, client)
    open_site.until(lambda: upstream.written == said)
    assert name == "a"


def test_a_client_that_says_no_more_may_still_read(open_site: Site) -> None:
    client = open_site.come()
    client.send(b"half a line")
    assert client.push()
    client.sock.shutdown(socket.SHUT_WR)
    name, upstream = dialled(open_site, client)
    assert (name, upstream.written) == ("a", b"half a line")
    upstream.owner.data_received(b"answer")
    upstream.owner.end_received()
    open_site.until(client.pull)
    assert bytes(client.received) == b"answer"


def test_a_client_that_leaves_before_it_has_said_enough(open_site: Site) -> None:
    client = open_site.come()
    settle(open_site.reactor)
    reset(client.sock)
    open_site.until(lambda: open_site.records)
    assert open_site.reasons == [CLIENT_ABORTED]
    open_site.check_quiet()


def test_nobody_is_waited_for_where_nobody_wants_to_know(lean_reactor: Any) -> None:
    site = Site(lean_reactor, persistence=Pins())
    assert site.clients.greetings is None
    site.come()
    site.until(lambda: site.dials.attempts)
    site.close()
