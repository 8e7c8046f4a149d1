"""The line to a client in tcp mode: its facts, what comes early, and how it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle
from kit.dialling import FakeStream
from kit.sockets import PlayedPeer, reset, socket_pair
from kit.tcp_site import Site
from pointsman.model.connection import ConnectionFacts
from pointsman.model.record import CLIENT_ABORTED, OK, ExchangeRecord
from pointsman.net.plain_stream import PlainStream


@pytest.fixture
def site(lean_reactor: Any) -> Iterator[Site]:
    site = Site(lean_reactor)
    yield site
    site.close()


def test_a_tunnel_is_recorded_with_what_it_carried(site: Site) -> None:
    client = site.come()
    site.clock.advance(2)
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    client.sock.send(b"hello")
    site.until(lambda: upstream.written == b"hello")
    upstream.owner.data_received(b"hi")
    upstream.owner.end_received()
    site.until(lambda: client.pull())
    site.clock.advance(3)
    client.close()
    site.until(lambda: site.records)
    (record,) = site.records
    assert record == ExchangeRecord(
        time=1000.0,
        service="site",
        client_ip="192.0.2.7",
        client_port=5555,
        method=b"",
        target=b"",
        minor=0,
        status=0,
        bytes_in=5,
        bytes_out=2,
        server="a",
        pin="none",
        attempts=1,
        connect=2.0,
        first_byte=-1.0,
        total=5.0,
        request_id="id-1",
        termination=OK,
        request=None,
    )
    site.check_quiet()


def test_the_scheduler_and_the_event_get_the_facts(site: Site) -> None:
    client = site.come()
    local = client.sock.getpeername()
    facts = ConnectionFacts("192.0.2.7", 5555, *local)
    assert site.scheduler.arrivals == [("192.0.2.7", None, facts)]
    assert site.connected == [("site", facts)]


def test_a_client_that_resets_while_we_dial_cancels_the_dial(site: Site) -> None:
    client = site.come()
    reset(client.sock)
    site.until(lambda: site.records)
    assert site.dials.attempts[0].cancelled
    assert site.reasons == [CLIENT_ABORTED]
    site.check_quiet()


def test_a_client_that_has_finished_sending_gets_its_answer(site: Site) -> None:
    client = site.come()
    client.sock.send(b"question")
    client.sock.shutdown(socket.SHUT_WR)
    settle(site.reactor)
    assert not site.dials.attempts[0].cancelled
    ours, theirs = socket_pair()
    upstream = PlayedPeer(theirs)
    owner = site.dials.attempts[0].owner
    owner.dialled(PlainStream(site.reactor, ours, owner))
    site.until(lambda: upstream.pull())
    assert upstream.received == b"question"
    upstream.sock.send(b"answer")
    upstream.close()
    site.until(lambda: client.pull())
    assert client.received == b"answer"
    site.until(lambda: site.records)
    assert site.reasons == [OK]


def test_what_a_client_sends_early_is_bounded(site: Site) -> None:
    client = site.come()
    client.send(b"x" * 20_000_000)
    site.until(lambda: not client.push())
    for _ in range(5):
        settle(site.reactor)
        client.push()
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    assert len(upstream.written) <= (64 + 256) * 1024  # what is kept, and one large read
    site.until(lambda: client.push() and len(upstream.written) == 20_000_000)
