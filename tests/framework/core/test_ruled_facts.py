"""What rulebooks may know of an exchange, and remember at it."""

from __future__ import annotations

import pytest

from kit.recorders import FACTS, request
from kit.rulebooks import PlannedRules
from kit.ruled_stage import RuledStage
from pointsman.contracts.rules import RuledExchange
from pointsman.model.decision import Forward, Respond
from pointsman.model.message import CHUNKED


def facts(one: RuledExchange) -> tuple[object, ...]:
    """Everything that the contract promises."""
    return (one.service, one.request_id, one.pool, one.server, one.pin, one.attempts, one.status,
            one.source, one.termination, one.tls, one.failure, one.may_retry)  # fmt: skip


def test_the_view_grows_with_the_exchange() -> None:
    seen: list[tuple[object, ...]] = []
    note = lambda one: seen.append(facts(one))  # noqa: E731
    stage = RuledStage(request=note, selected=note, response=note, log=note)
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers(201, b"x")
    common = ("service", "id-1", "pool")
    assert seen == [
        (*common, "", "", 0, 0, "", "", None, None, True),
        (*common, "a", "none", 1, 0, "", "", None, None, True),
        (*common, "a", "none", 1, 201, "upstream", "", None, None, True),
        (*common, "a", "none", 1, 201, "upstream", "ok", None, None, False),
    ]
    assert stage.ruled.client_ip == FACTS.peer_ip
    assert stage.ruled.connection is FACTS
    assert stage.ruled.sizes == (0, 1)


def test_times_are_seconds_and_none_is_minus_one() -> None:
    stage = RuledStage()
    stage.asks(request())
    assert stage.ruled.timings == (-1.0, -1.0, 0.0)
    stage.now += 2
    stage.upstreams.last.connects()
    stage.now += 1
    stage.upstream.answers(ended=False, length=5)
    stage.now += 4
    assert stage.ruled.timings == (2.0, 3.0, 7.0)


def test_notes_are_made_when_they_are_asked_for() -> None:
    stage = RuledStage(request=lambda one: one.notes.update(a=1))
    assert stage.ruled._notes is None
    stage.asks(request())
    assert stage.ruled.notes == {"a": 1}


def test_fields_for_the_log_are_in_the_record_only_if_there_are_some() -> None:
    stage = RuledStage(request=lambda one: one.log_fields.update(team="b"))
    stage.asks(request())
    stage.exchange.client_gone()
    assert stage.record.fields == {"team": "b"}
    stage = RuledStage()
    stage.asks(request())
    stage.exchange.client_gone()
    assert stage.record.fields is None


def test_nobody_listens_to_a_real_exchange() -> None:
    stage = RuledStage()
    assert not stage.ruled.tracing
    stage.ruled.trace("why")


def test_whoever_wants_to_know_is_told_what_rules_say() -> None:
    told: list[str] = []
    says = [Respond(200, b"secret"), Forward("pool", "b", more=True)]
    books = [PlannedRules(request=says[1]), PlannedRules(request=says[0])]
    stage = RuledStage(*books)
    stage.ruled.tracer = told.append
    stage.ruled.trace("why")
    stage.asks(request())
    assert told == [
        "why",
        "at request a rule says forward to pool pool server b",
        "at request a rule says respond 200",
    ]


@pytest.mark.parametrize(
    ("method", "length", "may"),
    [(b"GET", 0, True), (b"POST", 0, False), (b"PUT", 7, True), (b"PUT", CHUNKED, True)],
)
def test_a_retry_is_for_what_can_be_done_twice(method: bytes, length: int, may: bool) -> None:
    stage = RuledStage()
    stage.asks(request(method, length), b"1234567" if length else b"")
    stage.upstreams.last.connects()
    assert stage.ruled.may_retry is may


def test_a_retry_needs_the_whole_request() -> None:
    stage = RuledStage()
    stage.asks(request(b"PUT", CHUNKED), ended=False)
    stage.upstreams.last.connects()
    stage.exchange.request_data(b"x" * 70_000)
    assert not stage.ruled.may_retry


def test_a_retry_needs_another_server_and_attempts_that_are_left() -> None:
    alone, tired = RuledStage(servers=1), RuledStage(max_attempts=1)
    for stage in (alone, tired):
        stage.asks(request())
        stage.upstreams.last.connects()
        assert not stage.ruled.may_retry
