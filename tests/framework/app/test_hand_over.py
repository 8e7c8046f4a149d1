"""Listeners from one configuration to the next, with real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.any_reactor import own_reactor, until
from pointsman.app.hand_over import HandOver
from pointsman.config.steps import at_once
from pointsman.model.address import Address
from pointsman.model.service import ServiceSettings
from pointsman.net.listener import Listener, ListenError

HERE = "127.0.0.1"


def wanted(**services: Sequence[str]) -> list[ServiceSettings]:
    return [
        ServiceSettings(name, tuple(map(Address.parse, listen)))
        for name, listen in services.items()
    ]


class House:
    """Services that listen, from one hand-over to the next."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.listeners: dict[str, Sequence[Listener]] = {}
        self.came: list[tuple[str, socket.socket]] = []

    def turn_into(self, **services: Sequence[str]) -> HandOver:
        """What a site does, in its order."""
        hand_over = HandOver(self.reactor, self.listeners, wanted(**services))
        at_once(hand_over.open())
        for name, listeners in hand_over.listeners.items():
            for listener in listeners:
                listener.hand_to(self._door(name), 64)
                listener.resume()
        hand_over.close_given_up()
        self.listeners = dict(hand_over.listeners)
        return hand_over

    def _door(self, name: str) -> Any:
        return lambda sock, peer: self.came.append((name, sock))

    def ask(self, port: int, host: str = HERE) -> str:
        """Connect; the service that takes the client in."""
        before = len(self.came)
        with socket.create_connection((host, port), timeout=5):
            until(self.reactor, lambda: len(self.came) > before)
        name, sock = self.came[-1]
        sock.close()
        return name

    def close(self) -> None:
        for listeners in self.listeners.values():
            for listener in listeners:
                listener.close()
        for _, sock in self.came:
            sock.close()


@pytest.fixture
def house() -> Iterator[House]:
    with own_reactor("epoll") as reactor:
        house = House(reactor)
        yield house
        house.close()


def free_port() -> int:
    with socket.create_server((HERE, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_an_address_that_stays_keeps_its_socket(house: House) -> None:
    house.turn_into(a=["127.0.0.1:0"])
    (kept,) = house.listeners["a"]
    hand_over = house.turn_into(a=["127.0.0.1:0"], b=["127.0.0.1:0"])
    assert house.listeners["a"] == (kept,)
    assert hand_over.opened == set(house.listeners["b"])
    assert house.ask(kept.port) == "a"


def test_an_address_that_moves_to_another_service_keeps_its_socket(house: House) -> None:
    port = free_port()
    house.turn_into(a=[f"{HERE}:{port}"])
    (moved,) = house.listeners["a"]
    with socket.create_connection((HERE, port)):  # who waits in the queue meanwhile
        house.turn_into(b=[f"{HERE}:{port}"])
        assert house.listeners["b"] == (moved,)
        until(house.reactor, lambda: house.came)
    assert [name for name, _ in house.came] == ["b"]


def test_two_services_may_swap_their_addresses(house: House) -> None:
    one, other = free_port(), free_port()
    house.turn_into(a=[f"{HERE}:{one}"], b=[f"{HERE}:{other}"])
    house.turn_into(a=[f"{HERE}:{other}"], b=[f"{HERE}:{one}"])
    assert (house.ask(one), house.ask(other)) == ("b", "a")


def test_a_unix_socket_moves_as_well(house: House, tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    house.turn_into(a=[f"unix:{path}"])
    house.turn_into(b=[f"unix:{path}"])
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        until(house.reactor, lambda: house.came)
    assert [name for name, _ in house.came] == ["b"]


def test_who_waits_in_the_queue_of_a_closed_address_is_still_taken_in(house: House) -> None:
    house.turn_into(a=["127.0.0.1:0"])
    port = house.listeners["a"][0].port
    with socket.create_connection((HERE, port)):
        house.turn_into(b=["127.0.0.1:0"])
        assert [name for name, _ in house.came] == ["a"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HERE, port))


def test_an_address_in_use_changes_nothing(house: House) -> None:
    house.turn_into(a=["127.0.0.1:0"])
    port = house.listeners["a"][0].port
    with socket.create_server((HERE, 0)) as taken:
        busy = taken.getsockname()[1]
        hand_over = HandOver(
            house.reactor, house.listeners, wanted(a=["127.0.0.1:0", f"{HERE}:{busy}"], b=["*:0"])
        )
        with pytest.raises(ListenError, match="somebody listens there already"):
            at_once(hand_over.open())
    assert [each.fileno() for each in hand_over.opened] == [-1, -1]
    assert house.ask(port) == "a"


def test_an_address_may_become_all_addresses(house: House) -> None:
    port = free_port()
    house.turn_into(a=[f"{HERE}:{port}"])
    house.turn_into(a=[f"*:{port}"])
    assert house.ask(port) == "a"
    assert house.ask(port, "::1") == "a"
    house.turn_into(a=[f"{HERE}:{port}"])
    assert house.ask(port) == "a"


def test_what_gave_way_is_back_if_it_was_in_vain(house: House) -> None:
    port = free_port()
    house.turn_into(a=[f"{HERE}:{port}"])
    with socket.create_server(("127.0.0.2", port)):
        # All addresses cannot be had, as somebody else has one of them.
        hand_over = HandOver(house.reactor, house.listeners, wanted(a=[f"0.0.0.0:{port}"]))
        with pytest.raises(ListenError):
            at_once(hand_over.open())
    assert house.ask(port) == "a"


def test_undoing_opens_what_gave_way(house: House) -> None:
    port = free_port()
    house.turn_into(a=[f"{HERE}:{port}"])
    hand_over = HandOver(house.reactor, house.listeners, wanted(a=[f"*:{port}"]))
    at_once(hand_over.open())
    hand_over.undo()
    assert house.ask(port) == "a"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("::1", port))
