"""All connections of a service in tcp mode: counted, limited, ended."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle, until
from kit.dialling import FakeStream
from kit.sockets import reset
from kit.tcp_site import HERE, Site
from pointsman.core.request_ids import RequestIds
from pointsman.model.address import Address
from pointsman.model.record import (
    OVERLOADED,
    STOPPED,
)
from pointsman.model.service import Limits
from pointsman.net.listener import Listener
from pointsman.net.tcp_clients import TcpClients


@pytest.fixture
def site(lean_reactor: Any) -> Iterator[Site]:
    site = Site(lean_reactor)
    yield site
    site.close()


def test_one_connection_too_many_is_closed_at_once(lean_reactor: Any) -> None:
    site = Site(lean_reactor, limits=Limits(connections=1))
    site.come()
    late = site.come()
    site.until(lambda: late.pull())
    assert site.reasons == [OVERLOADED]
    assert (site.service.connections, len(site.dials.attempts)) == (1, 1)
    site.clients.abort_all(STOPPED)
    third = site.come()
    settle(site.reactor)
    assert not third.pull()
    site.close()


def test_stopping_ends_dials_and_tunnels_but_not_for_being_idle(site: Site) -> None:
    dialling, tunnel = site.come(), site.come()
    upstream = FakeStream(site.dials.attempts[1].owner)
    site.dials.attempts[1].owner.dialled(upstream)
    site.clients.close_idle()
    assert site.clients.open == 2
    site.clients.abort_all(STOPPED)
    assert site.reasons == [STOPPED, STOPPED]
    assert site.dials.attempts[0].cancelled
    assert upstream.end == "aborted"
    site.until(lambda: dialling.pull() and tunnel.pull())
    site.check_quiet()


def test_a_storm_leaves_every_counter_at_zero(lean_reactor: Any) -> None:
    site = Site(lean_reactor, members=3)
    listener = Listener(lean_reactor, Address(HERE, 0), 256, site.clients.accepted)
    listener.open()
    clients = [socket.create_connection((HERE, listener.port), 5) for _ in range(200)]
    until(lean_reactor, lambda: site.clients.open == 200)
    for number, client in enumerate(clients):
        attempt = site.dials.attempts[number]
        if number % 4 == 0:
            reset(client)
        elif number % 4 == 1:
            attempt.fail()
        elif number % 4 == 2:
            upstream = FakeStream(attempt.owner)
            attempt.owner.dialled(upstream)
            upstream.owner.stream_lost(ConnectionResetError())
    settle(lean_reactor)
    assert site.service.connections == 100
    site.clients.abort_all(STOPPED)
    listener.close()
    for client in clients:
        client.close()
    site.close()
    assert lean_reactor.getWriters() == []
    assert lean_reactor.getReaders() == list(lean_reactor._internalReaders)


def test_after_a_reload_tunnels_go_on_and_are_counted_on(site: Site) -> None:
    dialling, tunnel = site.come(), site.come()
    upstream = FakeStream(site.dials.attempts[1].owner)
    site.dials.attempts[1].owner.dialled(upstream)
    former = site.clients
    site.clients = TcpClients(
        site.service, site.reactor, site.dials, site.deadlines,  # type: ignore[arg-type]
        site.clock.seconds, lambda: 1000.0, RequestIds("id"),
    )  # fmt: skip
    site.clients.succeed(former)
    assert (site.clients.open, site.service.connections) == (2, 2)
    site.dials.attempts[0].fail()
    assert len(site.dials.attempts) == 3, "another server is tried"
    assert (upstream.end, site.reasons) == ("", [])
    site.clients.abort_all(STOPPED)
    assert site.reasons == [STOPPED, STOPPED]
    site.until(lambda: dialling.pull() and tunnel.pull())
    assert former.open == 0
    site.check_quiet()
