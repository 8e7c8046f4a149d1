"""Schedulers and persistences that raise: one request pays, and it is said."""

import operator
from functools import partial

import pytest

from kit.recorders import FirstOf, Stage, request
from pointsman.contracts import Arrival, Persistence
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer


class Unruly(Persistence):
    """A persistence that raises when it sees a response."""

    wants_response = True
    timeout = 60.0
    table = None

    def find(self, arrival: Arrival, now: float) -> str | None:
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return False

    def forget(self, arrival: Arrival) -> None:
        return None

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        raise RuntimeError("cannot learn")


def test_a_scheduler_that_raises_costs_one_request_and_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    monkeypatch.setattr(stage.scheduler, "pick", partial(operator.truediv, 1))
    stage.asks(request())
    assert stage.client.said[0] == "head 500"
    assert stage.record.termination == "plugin_error"
    ((asked, error),) = stage.reports
    assert asked == "to choose a member"
    assert isinstance(error, TypeError)
    stage.check_it_is_over()


def test_a_persistence_that_cannot_learn_changes_nothing_for_the_client() -> None:
    stage = Stage(persistence=Unruly())
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers(200, b"hello")
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    assert [asked for asked, _ in stage.reports] == ["to learn from a response"]
    stage.check_it_is_over()


class Marking(Persistence):
    """A persistence that pins everybody to b, marks requests and notes what it is asked."""

    timeout = 60.0
    table = None
    wants_request = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, arrival: Arrival, now: float) -> str | None:
        self.asked.append(f"find at {now:g}")
        return "b"

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        self.asked.append(f"bind {member}")
        return True

    def forget(self, arrival: Arrival) -> None:
        self.asked.append("forget")

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        head.headers.set(b"X-Member", member.encode())


def test_what_a_persistence_changes_is_for_this_attempt_only() -> None:
    stage = Stage(persistence=Marking())
    sent: list[RequestHead] = []

    def noted(head: RequestHead) -> bytes:
        sent.append(head)
        return b"GET /"

    stage.client.request_bytes = noted  # type: ignore[method-assign]
    asked = request()
    stage.asks(asked)
    stage.upstreams.last.fails()
    stage.upstreams.last.connects()
    stage.upstream.answers()
    assert [head.headers.get(b"X-Member") for head in sent] == [b"a"]
    assert b"X-Member" not in asked.headers
    stage.check_it_is_over()


def test_a_long_exchange_keeps_its_pin_in_use() -> None:
    pins = Marking()
    stage = Stage(persistence=pins)
    stage.asks(request())
    stage.now += 30
    stage.exchange.touch(stage.now)
    stage.upstreams.last.connects()
    stage.now += 30
    stage.upstream.answers()
    assert pins.asked == ["find at 100", "find at 130", "find at 160"]


def test_a_short_exchange_asks_for_its_pin_once() -> None:
    pins = Marking()
    stage = Stage(persistence=pins)
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers()
    assert pins.asked == ["find at 100"]


def test_a_service_may_choose_among_pools() -> None:
    stage = Stage()
    other = Pool("other", [Member(RealServer("z"))], FirstOf())
    stage.service.route = lambda arrival: other
    stage.asks(request())
    assert stage.upstreams.last.member.name == "z"
    stage.upstreams.last.connects()
    stage.upstream.answers()
    assert stage.record.server == "z"
    assert other.members[0].active == 0
    stage.check_it_is_over()


def test_a_service_may_choose_no_pool() -> None:
    stage = Stage()
    stage.service.route = lambda arrival: None
    stage.asks(request())
    assert stage.client.said[0] == "head 503"
    assert stage.record.termination == "no_server"
    stage.check_it_is_over()
