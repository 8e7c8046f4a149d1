"""Answers with rules: held without loss, changed, filtered, and never completed when they broke."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.recorders import request, response
from kit.rulebooks import PlannedFilter, PlannedRules, Waiting
from kit.ruled_stage import RuledStage
from pointsman.model.decision import Close, Decision, Pending, Refuse, Respond, Retry
from pointsman.model.message import CHUNKED, UNTIL_CLOSE, ResponseHead
from pointsman.model.service import Retries


def asked(stage: RuledStage, method: bytes = b"GET", minor: int = 1) -> RuledStage:
    stage.asks(request(method, minor=minor))
    stage.upstreams.last.connects()
    return stage


def filtering(**options: object) -> RuledStage:
    upper = PlannedFilter(lambda data, last: data.upper(), **options)  # type: ignore[arg-type]
    return RuledStage(response=lambda one: one.filter_response(upper))


def test_the_head_may_be_changed() -> None:
    def change(one: object) -> None:
        stage.ruled.answer.headers.set(b"X-Frame-Options", b"DENY")  # type: ignore[union-attr]

    stage = RuledStage(response=change)
    asked(stage).upstream.answers(200, b"hello")
    assert stage.exchange.response is stage.ruled.answer
    assert stage.exchange.response is not None
    assert stage.exchange.response.headers.get(b"x-frame-options") == b"DENY"
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    assert stage.upstream.end == "released"
    stage.check_it_is_over()


def test_an_answer_is_held_while_rules_think() -> None:
    pending = Pending()
    stage = asked(RuledStage(response=lambda _: pending))
    stage.upstream.answers(200, b"one", length=6, ended=False)
    assert stage.upstream.held
    stage.exchange.client_blocked()
    stage.exchange.client_drained()
    assert stage.upstream.held
    pending.decide(None)
    assert not stage.upstream.held
    stage.exchange.response_data(b"two")
    stage.exchange.response_ended([])
    assert stage.client.said == ["head 200", "data 3", "data 3", "end", "done"]
    stage.check_it_is_over()


def test_a_server_that_is_done_need_not_wait_for_rules() -> None:
    pending = Pending()
    stage = asked(RuledStage(response=lambda _: pending))
    stage.upstream.answers(200, b"hello")
    assert stage.upstream.end == "released"
    pending.decide(None)
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    stage.check_it_is_over()


def test_trailers_come_through_the_waiting() -> None:
    pending = Pending()
    stage = asked(RuledStage(response=lambda _: pending))
    stage.upstream.answers(200, b"hello", length=CHUNKED, ended=False)
    stage.exchange.response_ended([(b"X-Sum", b"1")])
    pending.decide(None)
    assert stage.client.trailers == [(b"X-Sum", b"1")]
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    stage.check_it_is_over()


def test_an_answer_that_breaks_off_while_rules_think_is_none() -> None:
    waiting = Waiting()
    says: list[Any] = [lambda _: None, waiting]
    stage = asked(RuledStage(response=lambda one: says.pop()(one)))
    stage.upstream.answers(200, b"part", length=100, ended=False)
    stage.upstream.fails("body", retryable=False)
    assert waiting.cancelled == 1
    assert stage.client.said == ["head 502", "data 33", "end", "done"]
    assert stage.record.termination == "upstream_aborted"
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Respond(418, b"teapot"), ["head 418", "data 6", "end", "done"]),
        (Refuse(502), ["head 502", "data 33", "end", "done"]),
        (Close(), ["cut", "done"]),
    ],
)
@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("waits", [False, True])
def test_another_answer_may_be_given(
    decision: Decision, said: list[str], ended: bool, waits: bool
) -> None:
    pending = Pending()
    stage = asked(RuledStage(response=lambda _: pending if waits else decision))
    stage.upstream.answers(200, b"secret", length=6 if ended else 99, ended=ended)
    pending.decide(decision)
    assert stage.client.said == said
    assert stage.record.termination == "rule"
    assert stage.asked == ["response"]
    assert stage.upstream.end == ("released" if waits and ended else "aborted")
    stage.check_it_is_over()


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("waits", [False, True])
def test_another_server_may_be_tried(ended: bool, waits: bool) -> None:
    pending = Pending()
    says = [None, pending if waits else Retry()]
    stage = asked(RuledStage(response=lambda _: says.pop()))
    stage.upstream.answers(503, b"busy", length=4 if ended else 9, ended=ended)
    pending.decide(Retry())
    assert stage.client.said == []
    assert stage.upstreams.last.member.name == "b"
    stage.upstreams.last.connects()
    stage.upstream.answers(200, b"fine")
    assert stage.client.body == b"fine"
    assert (stage.record.attempts, stage.record.server) == (2, "b")
    stage.check_it_is_over()


@pytest.mark.parametrize("method", [b"POST", b"GET"])
def test_what_cannot_be_tried_again_is_answered(method: bytes) -> None:
    stage = RuledStage(servers=2 if method == b"POST" else 1, response=Retry())
    asked(stage, method).upstream.answers(503, b"busy")
    assert stage.client.said == ["head 503", "data 4", "end", "done"]
    stage.check_it_is_over()


def test_a_rule_may_say_that_it_is_safe() -> None:
    stage = RuledStage(response=lambda one: Retry(unsafe=True) if one.attempts < 2 else None)
    asked(stage, b"POST").upstream.answers(503)
    assert stage.upstreams.last.member.name == "b"


# ---- filters ----


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=5), st.booleans(), st.booleans())
def test_any_split_comes_out_the_same(parts: list[bytes], whole: bool, coded: bool) -> None:
    stage = asked(filtering(most=100 if whole else 0))
    body = b"".join(parts)
    head = response(200, length=CHUNKED, fields=[(b"Content-Encoding", b"gzip")] if coded else [])
    sent = gzip.compress(body) if coded else body
    pieces = [sent[place : place + 4] for place in range(0, len(sent), 4)] if coded else parts
    stage.exchange.response_began(head, b"", False)
    for piece in pieces:
        stage.exchange.response_data(piece)
    stage.exchange.response_ended([])
    assert stage.client.body == body.upper()
    sent_head = stage.exchange.response
    assert sent_head is not None
    assert b"content-encoding" not in sent_head.headers
    if whole:
        assert sent_head.headers.get(b"content-length") == b"%d" % len(body)
    stage.check_it_is_over()


def heads() -> list[tuple[bytes, ResponseHead]]:
    return [
        (b"HEAD", response(200)),
        (b"GET", response(204)),
        (b"GET", response(304)),
        (b"GET", response(206)),
        (b"GET", response(200, fields=[(b"Content-Encoding", b"zstd")])),
    ]


@pytest.mark.parametrize(("method", "head"), heads())
def test_some_answers_are_left_alone(method: bytes, head: ResponseHead) -> None:
    stage = asked(filtering(), method)
    head.headers.add(b"ETag", b'"1"')
    stage.exchange.response_began(head, b"", True)
    assert head.headers.get(b"etag") == b'"1"'
    assert stage.client.said == [f"head {head.status}", "end", "done"]
    stage.check_it_is_over()


@pytest.mark.parametrize("length", [5, CHUNKED, UNTIL_CLOSE])
def test_the_length_of_a_filtered_body_is_not_known_before_its_end(length: int) -> None:
    stage = asked(filtering())
    stage.upstream.answers(200, b"hello", length=length, ended=False)
    assert stage.exchange.response is not None
    assert stage.exchange.response.body_length == CHUNKED
    stage.exchange.response_ended([])
    assert stage.client.body == b"HELLO"
    stage.check_it_is_over()


def test_a_body_that_is_all_here_has_its_length() -> None:
    stage = asked(filtering())
    stage.upstream.answers(200, b"hello")
    assert stage.exchange.response is not None
    assert stage.exchange.response.body_length == 5
    stage.check_it_is_over()


def test_own_answers_are_filtered_too() -> None:
    stage = RuledStage(
        PlannedRules(request=Respond(200, b"hello")),
        PlannedRules(response=lambda one: one.filter_response(upper())),
    )
    stage.asks(request())
    assert stage.client.body == b"HELLO"
    stage.check_it_is_over()


def upper() -> PlannedFilter:
    return PlannedFilter(lambda data, last: data.upper())


def test_a_server_is_held_while_a_filter_waits_and_while_the_client_is_slow() -> None:
    pending = Pending()
    stage = RuledStage(
        response=lambda one: one.filter_response(PlannedFilter(lambda *fed: pending))
    )
    asked(stage).upstream.answers(200, b"one", length=CHUNKED, ended=False)
    assert stage.upstream.held
    stage.exchange.client_blocked()
    pending.decide(b"ONE")
    assert stage.upstream.held
    stage.exchange.client_drained()
    assert not stage.upstream.held
    stage.exchange.client_gone()
    stage.check_it_is_over()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("what", ["raises", "too large", "broken", "refuses", "server dies"])
def test_what_goes_wrong_never_looks_complete(what: str, begun: bool) -> None:
    def plan(data: bytes, last: bool) -> bytes | Decision:
        if data == b"bad" and what == "raises":
            raise KeyError("oh")
        return Refuse(403) if data == b"bad" and what == "refuses" else data

    one = PlannedFilter(plan, most=4 if what == "too large" else 0)
    stage = asked(RuledStage(response=lambda each: each.filter_response(one)))
    coded = [(b"Content-Encoding", b"gzip")] if what == "broken" else []
    head = response(200, length=CHUNKED, fields=coded)
    first = gzip.compress(b"good") + b"\x1f" if coded else b"good"
    if what == "too large":
        first = b"good" if not begun else b"four5"
    stage.exchange.response_began(head, first if begun else b"", False)
    if what == "server dies":
        stage.upstream.fails("body", retryable=False)
    elif not stage.exchange.over:
        stage.exchange.response_data(
            {"too large": b"larger", "broken": b"broken"}.get(what, b"bad")
        )
    said = [word for word in stage.client.said if word.startswith(("head", "cut", "end"))]
    if begun and what != "too large":
        assert said == ["head 200", "cut"]
    else:
        status = {"raises": 500, "refuses": 403}.get(what, 502)
        assert said == [f"head {status}", "end"]
    stage.check_it_is_over()


def test_another_server_is_asked_before_rules_see_an_answer() -> None:
    stage = RuledStage(response=None)
    retries = Retries(frozenset((503,)))
    stage.service.settings = replace(stage.service.settings, retries=retries)
    stage.asks(request())
    stage.upstreams.last.connects().answers(503)
    assert stage.asked == []
    stage.upstreams.last.connects().answers(200)
    assert stage.asked == ["response"]
    assert stage.client.said[0] == "head 200"
    stage.check_it_is_over()
