"""One service at work: its listeners and the clients of its mode."""

import socket
from typing import Any

import pytest

from kit.any_reactor import own_reactor
from kit.records import record
from pointsman.app.hand_over import HandOver
from pointsman.app.loading import configuration_of, registry_with, site_of
from pointsman.app.running_service import RunningService, Shared
from pointsman.config.steps import at_once
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.request_ids import RequestIds
from pointsman.model.record import ExchangeRecord
from pointsman.net.dial import Dialler
from pointsman.net.listener import ListenError


def made(reactor: Any, mode: str, *ports: int, finished: Any = ()) -> RunningService:
    deadlines = Deadlines(0)
    dialler = Dialler(reactor, deadlines, lambda host: ())
    shared = Shared(
        reactor, deadlines, FieldLines(), dialler, RequestIds(), lambda: 0.0, lambda: 0.0
    )
    pool = {"scheduling": "round_robin", "servers": {"a": "127.0.0.1:1"}}
    listen = [f"127.0.0.1:{port}" for port in ports]
    config = {
        "version": 1,
        "virtual_services": {"s": {"listen": listen, "mode": mode, "pool": pool}},
    }
    registry = registry_with()
    site = site_of(configuration_of(config, registry), registry, reactor, {})
    return RunningService(site.services[0], shared, finished)


def listen(running: RunningService) -> None:
    hand_over = HandOver(running._shared.reactor, {}, [running.service.settings])
    at_once(hand_over.open())
    running.take(hand_over.listeners["s"])


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_clients_wait_until_they_are_accepted(mode: str) -> None:
    with own_reactor("epoll") as reactor:
        running = made(reactor, mode, 0, 0)
        listen(running)
        first, second = running.ports
        assert first != second
        assert set(running.listeners).isdisjoint(reactor.getReaders())
        running.accept()
        assert set(running.listeners) <= set(reactor.getReaders())
        running.deaf()
        assert set(running.listeners).isdisjoint(reactor.getReaders())
        assert len(running.clients) == 0


def test_an_address_that_is_taken_is_an_error() -> None:
    with own_reactor("epoll") as reactor, socket.create_server(("127.0.0.1", 0)) as taken:
        running = made(reactor, "http", 0, taken.getsockname()[1])
        with pytest.raises(ListenError):
            listen(running)
        assert running.ports == ()


def test_exchanges_are_counted_before_anybody_else_is_told() -> None:
    told: list[ExchangeRecord] = []
    with own_reactor("epoll") as reactor:
        running = made(reactor, "http", 0, finished=[told.append])
        one = record()
        for finished in running.service.finished:
            finished(one)
        assert running.counts.exchanges == 1
        assert told == [one]
