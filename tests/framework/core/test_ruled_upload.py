"""Request bodies with rules: through filters in pieces or whole, held and let go as it must be."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.recorders import request
from kit.rulebooks import PlannedFilter
from kit.ruled_stage import RuledStage
from pointsman.contracts.rules import PASS_LARGE
from pointsman.model.decision import Close, Decision, Forward, Pending, Refuse, Respond
from pointsman.model.message import CHUNKED


def upper(**options: object) -> PlannedFilter:
    return PlannedFilter(lambda data, last: data.upper(), **options)  # type: ignore[arg-type]


def with_filter(one: PlannedFilter, **more: object) -> RuledStage:
    return RuledStage(request=lambda each: each.filter_request(one), **more)  # type: ignore[arg-type]


@given(
    st.lists(st.binary(min_size=1, max_size=9), max_size=5),
    st.booleans(),
    st.booleans(),
    st.integers(0, 5),
)
def test_any_split_reaches_the_server_the_same(
    parts: list[bytes], whole: bool, coded: bool, connects_at: int
) -> None:
    stage = with_filter(upper(most=100 if whole else 0))
    body = b"".join(parts)
    head = request(b"PUT", CHUNKED)
    if coded:
        head.headers.add(b"Content-Encoding", b"gzip")
        sent = gzip.compress(body)
        parts = [sent[place : place + 5] for place in range(0, len(sent), 5)]
    stage.asks(head, b"", ended=False)
    for number, part in enumerate(parts):
        if number == connects_at and not whole:
            stage.upstreams.last.connects()
        stage.exchange.request_data(part)
    stage.exchange.request_ended([])
    if not stage.upstreams.made:
        stage.upstreams.last.connects()
    assert stage.upstream.got == body.upper()
    assert stage.upstream.has_end
    assert b"content-encoding" not in head.headers
    assert stage.upstream.length == (len(body) if whole else CHUNKED)
    stage.upstream.answers()
    stage.check_it_is_over()


def test_no_server_is_chosen_before_a_whole_body_is_here() -> None:
    stage = with_filter(upper(most=100))
    stage.asks(request(b"POST", 6), b"one", ended=False)
    assert stage.upstreams.openings == []
    stage.exchange.request_data(b"two")
    stage.exchange.request_ended([])
    stage.upstreams.last.connects()
    assert (stage.upstream.got, stage.upstream.length) == (b"ONETWO", 6)
    assert stage.exchange.request is not None
    assert stage.exchange.request.headers.get(b"content-length") == b"6"
    stage.upstream.answers()
    stage.check_it_is_over()


@pytest.mark.parametrize("data", [b"", b"begun"])
def test_a_client_that_waits_for_100_gets_it_from_us(data: bytes) -> None:
    stage = with_filter(upper(most=100))
    head = request(b"POST", 9)
    head.expects_continue = True
    head.headers.add(b"Expect", b"100-continue")
    stage.asks(head, data, ended=False)
    assert stage.client.said == ([] if data else ["interim 100"])
    assert b"expect" not in head.headers
    stage.exchange.client_gone()
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Respond(418, b"teapot"), ["head 418", "data 6", "end", "done"]),
        (Refuse(403), ["head 403", "data 31", "end", "done"]),
        (Close(), ["cut", "done"]),
    ],
)
@pytest.mark.parametrize("most", [0, 100])
@pytest.mark.parametrize("waits", [False, True])
def test_a_filter_may_answer(decision: Decision, said: list[str], most: int, waits: bool) -> None:
    pending = Pending()
    one = PlannedFilter(lambda *fed: pending if waits else decision, most=most)
    stage = with_filter(one)
    stage.asks(request(b"POST", CHUNKED), b"x", ended=True)
    pending.decide(decision)
    assert stage.client.said == said
    assert stage.record.termination == "rule"
    stage.check_it_is_over()


def test_a_body_may_say_where_it_goes() -> None:
    one = PlannedFilter(lambda data, last: Forward("other"), most=100)
    stage = with_filter(one)
    stage.asks(request(b"POST", CHUNKED), b"to other")
    assert stage.upstreams.last.member.name == "x"
    stage.upstreams.last.connects()
    assert stage.upstream.got == b"to other"
    stage.upstream.answers()
    stage.check_it_is_over()


def test_once_a_server_has_it_a_body_goes_nowhere_else() -> None:
    stage = with_filter(PlannedFilter(lambda data, last: Forward("other") if last else data))
    stage.asks(request(b"PUT", CHUNKED), b"x", ended=False)
    stage.upstreams.last.connects()
    stage.exchange.request_ended([])
    stage.upstream.answers()
    assert stage.record.server == "a"


def test_a_body_that_says_nonsense_costs_the_exchange() -> None:
    stage = with_filter(PlannedFilter(lambda data, last: Forward("nowhere"), most=9))
    stage.asks(request(b"PUT", CHUNKED), b"x")
    assert stage.client.said[0] == "head 500"
    stage.check_it_is_over()


def test_what_is_too_large_is_refused_or_passes() -> None:
    stage = with_filter(upper(most=3))
    stage.asks(request(b"PUT", CHUNKED), b"four", ended=False)
    assert stage.client.said[0] == "head 413"
    assert stage.client.closes
    stage.check_it_is_over()
    stage = with_filter(upper(most=3, large=PASS_LARGE))
    stage.asks(request(b"PUT", CHUNKED), b"four", ended=False)
    stage.upstreams.last.connects()
    assert (stage.upstream.got, stage.upstream.length) == (b"four", CHUNKED)
    stage.exchange.client_gone()
    stage.check_it_is_over()


def test_a_broken_coding_is_the_clients_fault() -> None:
    stage = with_filter(upper())
    head = request(b"PUT", CHUNKED)
    head.headers.add(b"Content-Encoding", b"gzip")
    stage.asks(head, b"no gzip")
    assert stage.client.said[0] == "head 400"
    assert stage.record.termination == "client_error"
    stage.check_it_is_over()


def test_a_filter_that_raises_costs_this_exchange_only() -> None:
    def oh(data: bytes, last: bool) -> bytes:
        raise KeyError("oh")

    stage = with_filter(PlannedFilter(oh))
    stage.asks(request(b"PUT", CHUNKED), b"x")
    assert stage.client.said[0] == "head 500"
    assert [asked for asked, _ in stage.reports] == ["to filter a request"]
    stage.check_it_is_over()


def test_the_limit_of_the_service_holds_before_filters() -> None:
    stage = with_filter(PlannedFilter(lambda data, last: b""), body_limit=5)
    stage.asks(request(b"PUT", CHUNKED), b"abc", ended=False)
    stage.exchange.request_data(b"abc")
    assert stage.client.said[0] == "head 413"
    stage.check_it_is_over()


def test_a_client_is_held_while_a_filter_waits() -> None:
    pending = Pending()
    stage = with_filter(PlannedFilter(lambda *fed: pending))
    stage.asks(request(b"PUT", CHUNKED), b"x", ended=False)
    assert stage.client.held
    stage.upstreams.last.connects()
    assert stage.client.held
    pending.decide(b"y")
    assert not stage.client.held
    assert stage.upstream.got == b"y"
    stage.exchange.client_gone()
    stage.check_it_is_over()


def test_a_client_is_held_while_the_server_is_slow_or_not_there() -> None:
    stage = with_filter(upper())
    stage.asks(request(b"PUT", CHUNKED), b"x" * 70_000, ended=False)
    assert stage.client.held
    stage.upstreams.last.connects()
    assert not stage.client.held
    stage.exchange.upstream_blocked()
    assert stage.client.held
    stage.exchange.upstream_drained()
    assert not stage.client.held
    stage.exchange.client_gone()
    stage.check_it_is_over()


def test_a_request_without_a_body_meets_no_filter() -> None:
    one = upper()
    stage = with_filter(one)
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers()
    assert one.fed == []
    stage.check_it_is_over()


def test_what_was_filtered_can_be_sent_again() -> None:
    stage = with_filter(upper())
    stage.asks(request(b"PUT", CHUNKED), b"abc")
    stage.upstreams.last.connects()
    stage.upstream.fails()
    stage.upstreams.last.connects()
    assert stage.upstream.member.name == "b"
    assert (stage.upstream.got, stage.upstream.has_end) == (b"ABC", True)
    stage.upstream.answers()
    stage.check_it_is_over()


def test_what_comes_while_it_is_being_answered_is_thrown_away() -> None:
    pending = Pending()
    stage = RuledStage(request=Refuse(403), error=lambda _: pending)
    stage.asks(request(b"PUT", CHUNKED), b"x", ended=False)
    stage.exchange.request_data(b"y")
    stage.exchange.request_ended([])
    pending.decide(None)
    assert stage.client.said[0] == "head 403"
    assert not stage.client.closes
    stage.check_it_is_over()
