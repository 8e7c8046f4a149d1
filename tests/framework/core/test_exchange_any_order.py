"""An exchange under any order of events that its ports may produce, and under surprises in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from kit.any_order import AnyOrder
from kit.recorders import Stage, request, response
from pointsman.model.message import CHUNKED

AnyOrder.TestCase.settings = settings(max_examples=120, stateful_step_count=20, deadline=None)
TestAnyOrder = AnyOrder.TestCase


# ---- the worst, one by one ----

WORST: dict[str, Callable[[Stage], object]] = {
    "the client goes": lambda stage: stage.exchange.client_gone(),
    "we stop": lambda stage: stage.exchange.stop(),
    "the client stalls": lambda stage: stage.exchange.client_stalled(),
    "the server fails": lambda stage: (
        stage.upstreams.made[-1].fails()
        if stage.upstreams.made and not stage.upstreams.made[-1].end
        else None
    ),
}


def play(stage: Stage) -> None:
    """An upload that meets every port call, as far as it gets."""
    exchange = stage.exchange
    stage.asks(request(b"PUT", CHUNKED), b"a", ended=False)
    steps: list[Callable[[], Any]] = [
        lambda: exchange.request_data(b"x" * 70_000),
        lambda: stage.upstreams.last.end or stage.upstreams.last.connects(),
        lambda: exchange.response_interim(response(100)) if live(stage) else None,
        lambda: exchange.upstream_blocked() if live(stage) else None,
        lambda: exchange.upstream_drained() if live(stage) else None,
        lambda: exchange.request_data(b"b"),
        lambda: exchange.request_ended([(b"X-Sum", b"1")]),
        lambda: (
            stage.upstream.answers(200, b"c", length=CHUNKED, ended=False)
            if live(stage) and not stage.client.has_head
            else None
        ),
        lambda: exchange.response_data(b"d") if live(stage) and stage.client.has_head else None,
        lambda: exchange.response_ended([]) if live(stage) and stage.client.has_head else None,
    ]
    for step in steps:
        step()


def live(stage: Stage) -> bool:
    return bool(stage.upstreams.made) and not stage.upstream.end


CLIENT_CALLS = ["send_interim", "send_head", "send_data", "send_end", "hold",
                "go_on", "cut"]  # fmt: skip
UPSTREAM_CALLS = ["send_request", "send_data", "send_end", "released", "closed", "aborted"]


@pytest.mark.parametrize("worst", WORST)
@pytest.mark.parametrize("call", CLIENT_CALLS)
def test_the_worst_inside_a_call_of_the_client(call: str, worst: str) -> None:
    stage = Stage(1)
    stage.client.inside(call, lambda: WORST[worst](stage))
    play(stage)
    stage.exchange.client_gone()
    stage.check_it_is_over()


@pytest.mark.parametrize("worst", WORST)
@pytest.mark.parametrize("call", UPSTREAM_CALLS)
def test_the_worst_inside_a_call_of_the_server(call: str, worst: str) -> None:
    stage = Stage(1)
    stage.upstreams.planned[call] = lambda: WORST[worst](stage)
    play(stage)
    stage.exchange.client_gone()
    stage.check_it_is_over()


class Bug(Exception):
    """A port call raises."""


def raise_bug() -> None:
    raise Bug


@pytest.mark.parametrize("side", ["client", "upstreams"])
@pytest.mark.parametrize(
    "call", sorted({*CLIENT_CALLS, *UPSTREAM_CALLS, "request_bytes"} - {"cut"})
)
def test_a_call_that_raises_leaves_nothing_behind_once_the_connection_is_lost(
    side: str, call: str
) -> None:
    # The reactor answers an exception by dropping the connection, and the exchange hears of that.
    stage = Stage(1)
    recorder = stage.client if side == "client" else stage.upstreams
    recorder.planned[call] = raise_bug
    try:
        play(stage)
    except Bug:
        stage.client.lost = True
    stage.exchange.client_gone()
    if live(stage):
        stage.upstream.fails()
    assert stage.client.said.count("done") == 1
    assert [member.active for member in stage.members] == [0]
    assert stage.service.exchanges == len(stage.records) == 1


def test_an_event_hook_that_raises_does_not_keep_the_client_waiting() -> None:
    stage = Stage(1)
    stage.service.finished = (lambda record: raise_bug(),)
    stage.asks(request())
    stage.upstreams.last.connects()
    with pytest.raises(Bug):
        stage.upstream.answers()
    assert stage.client.is_done
    assert stage.members[0].active == 0


def test_servers_that_refuse_at_once_do_not_nest_deeper_than_attempts() -> None:
    stage = Stage(8, max_attempts=8)
    stage.upstreams.at_once = ["refused"] * 8
    stage.asks(request())
    assert stage.record.attempts == 8
    stage.check_it_is_over()


def test_races_that_happen_at_once_end() -> None:
    stage = Stage(3)
    stage.upstreams.at_once = ["idle", "fresh", "idle", "fresh", "idle", "fresh"]

    def fails() -> None:
        stage.upstreams.planned["send_request"] = fails
        stage.upstreams.made[-1].fails()

    stage.upstreams.planned["send_request"] = fails
    stage.asks(request())
    assert stage.record.attempts == 3
    assert len(stage.upstreams.made) == 6
    stage.check_it_is_over()
