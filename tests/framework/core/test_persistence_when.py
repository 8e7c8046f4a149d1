"""Paths that are ignored, and first requests that decide for a connection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pytest

from kit.arrivals import Visit, connection, visit
from kit.pins import Pins
from pointsman.contracts import Arrival, Persistence, Sight
from pointsman.core.persistence_when import FirstRequestOnly, SomePathsIgnored
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer


class Wanting(Pins):
    """Pins by client address that want to see everything, and note what they saw."""

    wants_request = True
    wants_response = True
    warnings = ("beware",)
    refused = MappingProxyType({"forged": 3})

    def __init__(self, **pins: str) -> None:
        super().__init__(**pins)
        self.seen: list[str] = []
        self.touched: list[object] = []

    def find(self, arrival: Arrival, now: float) -> str | None:
        arrival.kept = f"kept at {now:g}"
        return super().find(arrival, now)

    def touch(self, arrival: Arrival, now: float) -> None:
        self.touched.append(arrival.kept)

    def look(self, arrival: Arrival, now: float) -> Sight:
        return Sight(b"key", self.pins.get(arrival.client_ip, ""))

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        self.seen.append(f"request {arrival.kept}")

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        self.seen.append(f"response {arrival.kept}")

    wants_first_bytes = True

    def has_enough(self, data: bytes) -> bool:
        return data == b"enough"

    def keep(self, servers: Sequence[RealServer]) -> None:
        self.seen.append(f"keep {servers[0].name}")


def ignoring(pins: Persistence) -> Persistence:
    return SomePathsIgnored(pins, re.compile(rb"/static/.*|.*\.png"))


@pytest.mark.parametrize("target", [b"/static/a.css", b"/x/a.png?v=1", b"http://h/static/a"])
def test_no_pin_is_looked_up_or_made_for_a_path_that_is_ignored(target: bytes) -> None:
    pins = Wanting(**{"192.0.2.1": "b"})
    persistence = ignoring(pins)
    arrival = visit(target=target)
    assert persistence.find(arrival, 0.0) is None
    assert not persistence.bind(arrival, "a", 0.0)
    persistence.forget(arrival)
    persistence.touch(arrival, 0.0)
    persistence.response(arrival, ResponseHead(200), "a", 0.0)
    assert pins.pins == {"192.0.2.1": "b"}
    assert (pins.touched, pins.seen, pins.forgotten) == ([], [], 0)
    persistence.request(arrival, RequestHead(b"GET", b"/"), "a")
    assert pins.seen == ["request None"]
    persistence.response(arrival, ResponseHead(200), "a", 0.0)
    assert persistence.look(visit(target=target), 0.0) == Sight(note="this path is ignored")


@pytest.mark.parametrize("arrival", [visit(target=b"/static"), visit(target=b"/?/static/"),
                                     connection()])  # fmt: skip
def test_all_others_are_pinned(arrival: Visit) -> None:
    pins = Wanting()
    persistence = ignoring(pins)
    assert persistence.find(arrival, 0.0) is None
    assert persistence.bind(arrival, "a", 0.0)
    assert persistence.find(arrival, 1.0) == "a"
    persistence.touch(arrival, 2.0)
    persistence.request(arrival, RequestHead(b"GET", b"/"), "a")
    persistence.response(arrival, ResponseHead(200), "a", 0.0)
    assert pins.touched == ["kept at 1"]
    assert pins.seen == ["request kept at 1", "response kept at 1"]
    assert persistence.look(arrival, 0.0) == Sight(b"key", "a")
    persistence.forget(arrival)
    assert pins.forgotten == 1


@pytest.mark.parametrize("wrapped", [ignoring, FirstRequestOnly])
def test_what_it_tells_is_what_the_other_tells(wrapped: Any) -> None:
    pins = Wanting()
    persistence: Persistence = wrapped(pins)
    persistence.keep([RealServer("a")])
    assert pins.seen == ["keep a"]
    assert persistence.wants_first_bytes
    assert persistence.has_enough(b"enough")
    assert not persistence.has_enough(b"not")
    assert persistence.timeout == 60.0
    assert persistence.table is None
    assert persistence.doubt() == ""
    assert persistence.wants_request
    assert persistence.wants_response
    assert persistence.warnings == ("beware",)
    assert persistence.refused == {"forged": 3}


class Line:
    """A connection of a client, with one request after the other."""

    def __init__(self, persistence: Persistence) -> None:
        self.persistence = persistence
        self.memory: dict[object, object] = {}

    def next(self, ip: str = "192.0.2.1") -> Visit:
        arrival = visit(ip)
        arrival.memory = self.memory
        return arrival


def test_the_first_request_decides_for_the_connection() -> None:
    pins = Wanting(**{"192.0.2.1": "a", "192.0.2.2": "b"})
    persistence = FirstRequestOnly(pins)
    line = Line(persistence)
    assert persistence.find(line.next(), 0.0) == "a"
    assert persistence.find(line.next("192.0.2.2"), 1.0) == "a"
    assert persistence.find(Line(persistence).next("192.0.2.2"), 1.0) == "b"


def test_a_server_that_was_chosen_for_the_first_is_so_for_all() -> None:
    pins = Wanting()
    persistence = FirstRequestOnly(pins)
    line = Line(persistence)
    arrival = line.next()
    assert persistence.find(arrival, 0.0) is None
    assert persistence.bind(arrival, "a", 0.0)
    assert persistence.find(line.next("192.0.2.9"), 1.0) == "a"
    assert pins.pins == {"192.0.2.1": "a"}


def test_when_its_server_is_gone_another_is_chosen_for_the_connection() -> None:
    pins = Wanting(**{"192.0.2.1": "a"})
    persistence = FirstRequestOnly(pins)
    line = Line(persistence)
    persistence.find(line.next(), 0.0)
    later = line.next()
    assert persistence.find(later, 1.0) == "a"
    persistence.forget(later)
    assert pins.pins == {}
    assert persistence.bind(later, "b", 1.0)
    assert persistence.find(line.next(), 2.0) == "b"
    persistence.forget(Line(persistence).next())  # nothing was decided there
    assert pins.forgotten == 2


def test_the_pin_of_a_connection_that_works_on_stays_in_use() -> None:
    pins = Wanting(**{"192.0.2.1": "a"})
    persistence = FirstRequestOnly(pins)
    line = Line(persistence)
    for now in (0.0, 10.0, 14.9, 15.0, 20.0, 31.0):
        persistence.find(line.next(), now)
    assert pins.touched == ["kept at 0", "kept at 0"]


def test_answers_to_later_requests_are_learned_from() -> None:
    pins = Wanting(**{"192.0.2.1": "a"})
    persistence = FirstRequestOnly(pins)
    line = Line(persistence)
    persistence.find(line.next(), 0.0)
    later = line.next()
    persistence.find(later, 0.0)
    persistence.response(later, ResponseHead(200), "a", 0.0)
    assert pins.seen == ["response None"]


def test_looking_tells_who_decided() -> None:
    persistence = FirstRequestOnly(Wanting(**{"192.0.2.1": "a"}))
    line = Line(persistence)
    assert persistence.look(line.next(), 0.0) == Sight(b"key", "a")
    persistence.find(line.next(), 0.0)
    sight = persistence.look(line.next(), 0.0)
    assert (sight.member, sight.note) == ("a", "the first request of this connection decided")
