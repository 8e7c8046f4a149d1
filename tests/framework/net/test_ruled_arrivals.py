"""Clients whose rules are asked before they are taken in, before and after the handshake."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kit.dialling import FakeStream
from kit.recorders import Stage
from kit.rulebooks import PlannedRules, Waiting
from pointsman.contracts.tls import TlsFacts
from pointsman.core.rules import Rules
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Close, Forward, Pending, Refuse
from pointsman.net.ruled_arrivals import RuledArrivals
from pointsman.net.ruled_client import RuledClient

PEER = ("192.0.2.7", 5555)
FACTS = ConnectionFacts(*PEER, "127.0.0.1", 443, True, "a.example")


class Door:
    """Rules, and whom they let in."""

    def __init__(self, **plans: Any) -> None:
        stage = Stage()
        self.book = PlannedRules(**plans)
        stage.service.rules = Rules([self.book], {"pool": stage.pool})
        self.taken: list[tuple[str, int]] = []
        self.ready: list[RuledClient] = []
        self.arrivals = RuledArrivals(stage.service, lambda sock, peer: self.taken.append(peer))
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.client = socket.create_connection(server.getsockname(), 5)
            self.ours, _ = server.accept()

    def knock(self) -> None:
        self.arrivals.accepted(self.ours, PEER)

    def shakes_hands(self) -> FakeStream:
        stream = FakeStream(self)  # type: ignore[arg-type]
        self.arrivals.shook_hands(stream, FACTS, TlsFacts("a.example"), self.ready.append)
        return stream

    def close(self) -> None:
        self.ours.close()
        self.client.close()


@pytest.fixture
def doors() -> Iterator[list[Door]]:
    made: list[Door] = []
    yield made
    for door in made:
        door.close()


def test_whoever_is_let_in_is_known_afterwards(doors: list[Door]) -> None:
    door = Door(connection=Forward("pool"))
    doors.append(door)
    door.knock()
    assert door.taken == [PEER]
    client = door.arrivals.client_of(FACTS)
    assert client.forward == Forward("pool")
    assert client.connection is FACTS
    assert door.arrivals.client_of(FACTS).forward is None  # it is known once


@pytest.mark.parametrize("decision", [Close(), Close(reset=True), Refuse(403)])
@pytest.mark.parametrize("waits", [False, True])
def test_others_are_closed(decision: Any, waits: bool, doors: list[Door]) -> None:
    pending = Pending()
    closed: list[object] = []
    door = Door(connection=lambda _: pending if waits else decision, close=closed.append)
    doors.append(door)
    door.knock()
    assert len(door.arrivals) == (1 if waits else 0)
    pending.decide(decision)
    assert door.taken == []
    assert len(closed) == 1
    if decision == Close(reset=True):
        with pytest.raises(ConnectionResetError):
            door.client.recv(1)
    else:
        assert door.client.recv(1) == b""


def test_stopping_closes_who_waits(doors: list[Door]) -> None:
    waiting = Waiting()
    door = Door(connection=waiting)
    doors.append(door)
    door.knock()
    door.arrivals.stop()
    assert (waiting.cancelled, len(door.arrivals), door.client.recv(1)) == (1, 0, b"")


@pytest.mark.parametrize("plans", [{}, {"tls": None}])
def test_a_handshake_that_nobody_minds_goes_on(plans: Any, doors: list[Door]) -> None:
    door = Door(**plans)
    doors.append(door)
    stream = door.shakes_hands()
    (client,) = door.ready
    assert client.tls == TlsFacts("a.example")
    assert stream.end == ""


def test_a_handshake_may_be_in_vain(doors: list[Door]) -> None:
    door = Door(tls=Close())
    doors.append(door)
    assert door.shakes_hands().end == "aborted"
    assert door.ready == []


@pytest.mark.parametrize("ends", ["decided", "leaves", "stopped"])
def test_a_handshake_may_have_to_wait(ends: str, doors: list[Door]) -> None:
    pending = Pending()
    closed: list[object] = []
    door = Door(tls=lambda _: pending, close=closed.append)
    doors.append(door)
    stream = door.shakes_hands()
    assert len(door.arrivals) == 1
    if ends == "decided":
        pending.decide(None)
        assert len(door.ready) == 1
    elif ends == "leaves":
        stream.owner.stream_lost(None)
        assert len(closed) == 1
    else:
        door.arrivals.stop()
        assert stream.end == "aborted"
        stream.owner.stream_lost(None)
    assert len(door.arrivals) == 0
