"""Chains of persistences: who is asked, who is told, and what each keeps for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from kit.arrivals import Visit, visit
from pointsman.contracts import Arrival, Persistence, Sight, Table
from pointsman.core.persistence_chain import Chain
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer
from pointsman_persistence.memory_table import MemoryTable


@dataclass(eq=False)
class Noting(Persistence):
    """Goes by one header, keeps its value, and notes what it is asked."""

    header: bytes
    timeout: float = 60.0
    table: Table | None = None
    wants_request: bool = False
    wants_response: bool = False
    wants_first_bytes: bool = False
    pins: dict[bytes, str] = field(default_factory=dict)
    touched: list[bytes] = field(default_factory=list)
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.disbelieved: dict[str, int] = {}

    @property
    def refused(self) -> Mapping[str, int]:
        return self.disbelieved

    def _key(self, arrival: Arrival) -> bytes:
        assert arrival.request is not None
        if arrival.kept is None:
            arrival.kept = arrival.request.headers.get(self.header) or b""
        assert isinstance(arrival.kept, bytes)
        return arrival.kept

    def find(self, arrival: Arrival, now: float) -> str | None:
        arrival.kept = None
        return self.pins.get(self._key(arrival))

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        if key := self._key(arrival):
            self.pins[key] = member
        return bool(key)

    def forget(self, arrival: Arrival) -> None:
        self.pins.pop(self._key(arrival), None)

    def touch(self, arrival: Arrival, now: float) -> None:
        self.touched.append(self._key(arrival))

    def look(self, arrival: Arrival, now: float) -> Sight:
        assert arrival.request is not None
        key = arrival.request.headers.get(self.header) or b""
        return Sight(key, self.pins.get(key, ""))

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        assert head.headers.get(self.header, b"") == self._key(arrival)
        head.headers.set(b"X-" + self.header, member.encode())

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        head.headers.add(b"X-" + self.header, self._key(arrival))

    def has_enough(self, data: bytes) -> bool:
        return data.startswith(self.header)

    def keep(self, servers: Sequence[RealServer]) -> None:
        self.names = tuple(server.name for server in servers)


class Pair:
    def __init__(self, **options: bool) -> None:
        self.first, self.second = Noting(b"One", **options), Noting(b"Two", **options)  # type: ignore[arg-type]
        self.chain: Persistence = Chain(self.first, self.second)


def client(one: bytes = b"", two: bytes = b"") -> Visit:
    return visit(headers=[pair for pair in ((b"One", one), (b"Two", two)) if pair[1]])


def test_where_nobody_knows_a_client_both_are_told() -> None:
    pair = Pair()
    arrival = client(b"1", b"2")
    assert pair.chain.find(arrival, 0.0) is None
    assert pair.chain.bind(arrival, "a", 0.0)
    assert (pair.first.pins, pair.second.pins) == ({b"1": "a"}, {b"2": "a"})
    assert pair.chain.find(client(b"1"), 0.0) == "a"
    assert pair.chain.find(client(b"", b"2"), 0.0) == "a"


def test_one_of_both_is_enough_for_a_pin() -> None:
    pair = Pair()
    for arrival, bound in ((client(b"", b"2"), True), (client(b"1"), True), (client(), False)):
        pair.chain.find(arrival, 0.0)
        assert pair.chain.bind(arrival, "a", 0.0) is bound


def test_what_appears_later_is_bound_where_the_other_chose() -> None:
    pair = Pair()
    pair.second.pins[b"2"] = "b"
    assert pair.chain.find(client(b"1", b"2"), 0.0) == "b"
    assert pair.first.pins == {b"1": "b"}
    assert pair.chain.find(client(b"1", b"3"), 0.0) == "b"  # it has gone elsewhere since


def test_the_first_decides_and_says_nothing_of_the_second() -> None:
    pair = Pair()
    pair.first.pins[b"1"] = "a"
    pair.second.pins[b"2"] = "b"
    arrival = client(b"1", b"2")
    assert pair.chain.find(arrival, 0.0) == "a"
    pair.chain.forget(arrival)  # a is down
    assert pair.chain.bind(arrival, "c", 0.0)
    assert (pair.first.pins, pair.second.pins) == ({b"1": "c"}, {b"2": "b"})


def test_a_pin_of_the_second_is_forgotten_in_both() -> None:
    pair = Pair()
    pair.second.pins[b"2"] = "b"
    arrival = client(b"1", b"2")
    assert pair.chain.find(arrival, 0.0) == "b"
    pair.chain.forget(arrival)
    assert (pair.first.pins, pair.second.pins) == ({}, {})


def test_work_that_is_open_is_told_to_those_who_were_asked() -> None:
    pair = Pair()
    arrival = client(b"1", b"2")
    pair.chain.find(arrival, 0.0)
    pair.chain.touch(arrival, 1.0)
    assert (pair.first.touched, pair.second.touched) == ([b"1"], [b"2"])
    pair.first.pins[b"1"] = "a"
    pair.chain.find(arrival, 0.0)
    pair.chain.touch(arrival, 1.0)
    assert (pair.first.touched, pair.second.touched) == ([b"1", b"1"], [b"2"])


def test_without_having_been_asked_to_find_both_are_told() -> None:
    pair = Pair()
    arrival = client(b"1", b"2")
    pair.chain.touch(arrival, 0.0)
    assert pair.chain.bind(client(b"1", b"2"), "a", 0.0)
    pair.chain.forget(client(b"1", b"2"))
    assert (pair.first.pins, pair.second.pins) == ({}, {})
    assert (pair.first.touched, pair.second.touched) == ([b"1"], [b"2"])


def test_heads_pass_those_who_want_them_each_with_what_it_kept() -> None:
    pair = Pair(wants_request=True, wants_response=True)
    assert pair.chain.wants_request
    assert pair.chain.wants_response
    arrival = client(b"1", b"2")
    pair.chain.find(arrival, 0.0)
    assert arrival.request is not None
    head = arrival.request.copy()
    pair.chain.request(arrival, head, "a")
    assert (head.headers.get(b"x-one"), head.headers.get(b"x-two")) == (b"a", b"a")
    answer = ResponseHead(200, Headers())
    pair.chain.response(arrival, answer, "a", 0.0)
    assert list(answer.headers) == [(b"X-One", b"1"), (b"X-Two", b"2")]


@pytest.mark.parametrize("who", ["first", "second"])
def test_heads_pass_nobody_who_does_not_want_them(who: str) -> None:
    pair = Pair()
    wanting = getattr(pair, who)
    wanting.wants_request = wanting.wants_response = True
    chain = Chain(pair.first, pair.second)
    assert chain.wants_request
    assert chain.wants_response
    arrival, answer = client(b"1", b"2"), ResponseHead(200, Headers())
    chain.find(arrival, 0.0)
    chain.response(arrival, answer, "a", 0.0)
    head = RequestHead(b"GET", b"/", Headers(arrival.request.headers if arrival.request else ()))
    chain.request(arrival, head, "a")
    assert len(answer.headers) == 1
    assert len(head.headers) == 3
    assert not Pair().chain.wants_request
    assert not Pair().chain.wants_response


def test_looking_changes_nothing() -> None:
    pair = Pair()
    arrival = client(b"1", b"2")
    assert pair.chain.look(arrival, 0.0) == Sight(b"1")
    pair.second.pins[b"2"] = "b"
    assert pair.chain.look(arrival, 0.0) == Sight(b"2", "b")
    assert pair.chain.look(client(b"", b"3"), 0.0) == Sight(b"3")
    pair.first.pins[b"1"] = "a"
    assert pair.chain.look(arrival, 0.0) == Sight(b"1", "a")
    assert arrival.kept is None
    assert (pair.first.pins, pair.second.pins) == ({b"1": "a"}, {b"2": "b"})


def test_what_it_tells_is_of_both() -> None:
    pair = Pair()
    pair.chain.keep([RealServer("a"), RealServer("b")])
    assert pair.first.names == pair.second.names == ("a", "b")
    pair.first.warnings, pair.second.warnings = ("one",), ("two",)
    pair.second.disbelieved = {"forged": 1}
    assert pair.chain.warnings == ("one", "two")
    assert pair.chain.refused == {"forged": 1}
    pair.first.disbelieved = {"forged": 2, "expired": 3}
    assert pair.chain.refused == {"forged": 3, "expired": 3}
    pair.second.timeout = 20.0
    assert pair.chain.timeout == 20.0
    pair.second.timeout = 0.0
    assert pair.chain.timeout == 60.0
    pair.first.timeout = 0.0
    assert pair.chain.timeout == 0.0
    assert pair.chain.table is None
    pair.second.table = MemoryTable(1, 1.0)
    assert pair.chain.table is pair.second.table
    pair.first.table = MemoryTable(1, 1.0)  # though there is nothing in it
    assert pair.chain.table is pair.first.table
    assert pair.chain.doubt() == ""


def test_first_bytes_are_enough_if_they_are_for_both() -> None:
    one, other = Noting(b"a"), Noting(b"ab")
    chain = Chain(one, other)
    assert not chain.wants_first_bytes
    assert [chain.has_enough(data) for data in (b"", b"a", b"ab")] == [False, False, True]
    other.wants_first_bytes = True
    assert chain.wants_first_bytes


def test_a_chain_can_be_a_part_of_one() -> None:
    one, two, three = (Noting(name) for name in (b"One", b"Two", b"Three"))
    chain = Chain(one, Chain(two, three))
    three.pins[b"3"] = "c"
    arrival = visit(headers=[(b"One", b"1"), (b"Two", b"2"), (b"Three", b"3")])
    assert chain.find(arrival, 0.0) == "c"
    assert (one.pins, two.pins) == ({b"1": "c"}, {b"2": "c"})
    chain.touch(arrival, 0.0)
    assert (one.touched, two.touched, three.touched) == ([b"1"], [b"2"], [b"3"])
