"""Finding a server: none, one that fails, another, and what must never be sent twice."""

import errno
from dataclasses import replace
from typing import Any

import pytest

from kit.recorders import Stage, begun, request, response, uploading
from pointsman.core.kept_body import MOST_KEPT
from pointsman.model.message import CHUNKED
from pointsman.model.service import Retries

IDEMPOTENT = [b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"]
OTHERS = [b"POST", b"PATCH", b"LOCK", b"get"]


# ---- no server, and servers that fail ----


def test_without_a_server_the_answer_is_503() -> None:
    stage = Stage(1)
    stage.members[0].set_health(False, "down")
    stage.asks(request())
    assert stage.client.said[0] == "head 503"
    assert b"id-1" in stage.client.body
    assert stage.record.termination == "no_server"
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("number", "status"), [(errno.ECONNREFUSED, 502), (errno.ETIMEDOUT, 504), (0, 502)]
)
def test_servers_are_tried_in_turn_until_attempts_are_used_up(number: int, status: int) -> None:
    stage = Stage(5, max_attempts=3)
    stage.asks(request(b"POST", 3), b"abc")
    for _ in range(3):
        stage.upstreams.last.fails("no way", number)
    assert [opening.member.name for opening in stage.upstreams.openings] == ["a", "b", "c"]
    assert stage.client.said[0] == f"head {status}"
    assert stage.record.termination == "connect_failed"
    assert [member.failures for member in stage.members] == [1, 1, 1, 0, 0]
    stage.check_it_is_over()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EADDRNOTAVAIL])
def test_what_this_machine_is_short_of_is_no_server_s_fault(number: int) -> None:
    stage = Stage(3)
    stage.asks(request())
    stage.upstreams.last.fails("Too many open files", number)
    assert stage.client.said[0] == "head 503"
    assert stage.record.termination == "overloaded"
    assert [member.failures for member in stage.members] == [0, 0, 0]
    assert len(stage.upstreams.openings) == 1
    stage.check_it_is_over()


def test_servers_are_tried_until_none_is_left() -> None:
    stage = Stage(2, max_attempts=9)
    stage.upstreams.at_once = ["refused", "refused"]
    stage.asks(request())
    assert stage.client.said[0] == "head 502"
    assert stage.record.attempts == 2
    stage.check_it_is_over()


def test_the_next_server_gets_the_whole_request() -> None:
    stage = Stage()
    stage.asks(request(b"POST", 6), b"abc", ended=False)
    stage.upstreams.last.fails()
    stage.exchange.request_data(b"def")
    stage.exchange.request_ended([])
    upstream = stage.upstreams.last.connects()
    assert upstream.got == b"abcdef"
    upstream.answers()
    assert stage.record.server == "b"
    assert stage.record.termination == "ok"
    stage.check_it_is_over()


# ---- retries (RFC 9110 section 9.2.2, DESIGN 5.7) ----


@pytest.mark.parametrize("method", IDEMPOTENT)
def test_design_5_7_an_idempotent_request_goes_to_another_server(method: bytes) -> None:
    stage = begun(method)
    stage.upstream.fails()
    assert stage.upstreams.last.member.name == "b"
    assert stage.members[0].failures == 1
    stage.upstreams.last.connects().answers()
    assert stage.client.said == ["head 200", "end", "done"]
    stage.check_it_is_over()


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize("reused", [False, True])
def test_design_5_7_any_other_request_is_never_sent_twice(method: bytes, reused: bool) -> None:
    stage = begun(method, reused=reused)
    stage.upstream.fails()
    assert stage.client.said[0] == "head 502"
    assert len(stage.upstreams.openings) == 1
    # A reused connection that was closed under us says nothing of the server.
    assert stage.members[0].failures == (0 if reused else 1)
    stage.check_it_is_over()


def test_design_5_7_a_race_is_retried_at_the_same_server_and_not_counted() -> None:
    stage = begun(reused=True)
    stage.upstream.fails()
    assert [opening.member.name for opening in stage.upstreams.openings] == ["a", "a"]
    assert stage.upstreams.fresh == [False, True]
    assert stage.members[0].failures == 0
    assert stage.members[0].active == 1
    stage.upstreams.last.connects().answers()
    assert stage.record.attempts == 1
    assert (stage.members[0].failures, stage.members[0].total) == (0, 1)
    stage.check_it_is_over()


def test_design_5_7_a_race_is_retried_once_and_then_it_is_a_failure() -> None:
    stage = begun(reused=True)
    stage.upstream.fails()
    stage.upstreams.last.connects().fails()
    assert [opening.member.name for opening in stage.upstreams.openings] == ["a", "a", "b"]
    assert stage.members[0].failures == 1
    stage.upstreams.last.connects(reused=True).fails()  # each server may have one race
    assert stage.upstreams.last.member.name == "b"
    assert stage.members[1].failures == 0
    stage.upstreams.last.connects().answers()
    stage.check_it_is_over()


def test_a_body_that_was_let_go_is_not_sent_again() -> None:
    stage = uploading(CHUNKED, b"x" * (MOST_KEPT + 1))
    stage.upstream.fails()
    assert stage.client.said[0] == "head 502"
    assert len(stage.upstreams.openings) == 1
    stage.check_it_is_over()


def test_a_body_that_is_still_kept_is_sent_again_with_what_came_meanwhile() -> None:
    stage = uploading(CHUNKED, b"one")
    stage.exchange.request_data(b"two")
    stage.upstream.fails()
    stage.exchange.request_data(b"three")
    stage.exchange.request_ended([])
    upstream = stage.upstreams.last.connects()
    assert (upstream.got, upstream.has_end) == (b"onetwothree", True)


def test_nonsense_from_a_server_is_not_asked_for_again() -> None:
    stage = begun(reused=True)
    stage.upstream.fails(retryable=False)
    assert stage.client.said[0] == "head 502"
    assert stage.members[0].failures == 1
    assert stage.record.termination == "upstream_error"
    stage.check_it_is_over()


def test_a_silent_server_is_not_asked_again() -> None:
    stage = begun()
    stage.upstream.fails("timeout", retryable=False)
    assert stage.client.said[0] == "head 504"
    assert stage.record.termination == "upstream_timeout"
    assert len(stage.upstreams.openings) == 1
    stage.check_it_is_over()


# ---- answers in whose place another server is asked (`retries.on`), and the budget ----


def asking_again(
    *statuses: int, servers: int = 2, budget: float = 0.2, least: int = 10, attempts: int = 3
) -> Stage:
    stage = Stage(servers)
    retries = Retries(frozenset(statuses), budget, least)
    stage.service.settings = replace(stage.service.settings, retries=retries, max_attempts=attempts)
    return stage


@pytest.mark.parametrize("method", IDEMPOTENT)
@pytest.mark.parametrize("ended", [False, True])
def test_another_server_is_asked_in_the_place_of_one_that_cannot_serve(
    method: bytes, ended: bool
) -> None:
    stage = asking_again(502, 503)
    stage.asks(request(method))
    upstream = stage.upstreams.last.connects()
    upstream.answers(503, b"so" if not ended else b"", length=0 if ended else 5, ended=ended)
    assert upstream.end == ("released" if ended else "aborted")
    assert [member.active for member in stage.members] == [0, 1]
    stage.upstreams.last.connects().answers(200)
    assert stage.client.said == ["head 200", "end", "done"]
    assert (stage.record.server, stage.record.attempts) == ("b", 2)
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("statuses", "keys", "method", "status"),
    [
        ((503,), {}, b"POST", 503),  # it may have been done
        ((503,), {}, b"GET", 500),  # not one of these
        ((), {}, b"GET", 503),  # off, by default
        ((503,), {"servers": 1}, b"GET", 503),  # nobody else
        ((503,), {"attempts": 1}, b"GET", 503),
        ((503,), {"budget": 0.0, "least": 0}, b"GET", 503),
    ],
)
def test_what_is_passed_on_as_it_is(
    statuses: tuple[int, ...], keys: dict[str, Any], method: bytes, status: int
) -> None:
    stage = asking_again(*statuses, **keys)
    stage.asks(request(method))
    stage.upstreams.last.connects().answers(status, b"sorry")
    assert stage.client.said[:2] == [f"head {status}", "data 5"]
    assert len(stage.upstreams.openings) == 1
    stage.check_it_is_over()


def test_an_answer_after_an_interim_one_is_passed_on() -> None:
    stage = asking_again(503)
    stage.asks(request(b"PUT", 3), b"abc")
    upstream = stage.upstreams.last.connects()
    stage.exchange.response_interim(response(100))
    upstream.answers(503)
    assert stage.client.said[1] == "head 503"


def test_the_whole_request_goes_to_the_other_server_as_well() -> None:
    stage = asking_again(503)
    stage.asks(request(b"PUT", 6), b"abc", ended=False)
    first = stage.upstreams.last.connects()
    first.answers(503)
    assert first.end == "closed"  # it was answered before it had read all
    stage.exchange.request_data(b"def")
    stage.exchange.request_ended([])
    second = stage.upstreams.last.connects()
    assert (second.got, second.has_end) == (b"abcdef", True)
    second.answers()
    stage.check_it_is_over()


def test_the_last_answer_is_passed_on_whatever_it_is() -> None:
    stage = asking_again(503)
    stage.asks(request())
    stage.upstreams.last.connects().answers(503)
    stage.upstreams.last.connects().answers(503, b"really")
    assert stage.client.said[:2] == ["head 503", "data 6"]
    stage.check_it_is_over()


def test_without_budget_what_was_sent_is_not_sent_again() -> None:
    stage = asking_again(budget=0.0, least=0)
    stage.asks(request())
    stage.upstreams.last.connects().fails()
    assert stage.client.said[0] == "head 502"
    stage.check_it_is_over()


def test_what_was_not_sent_needs_no_budget_and_neither_does_a_race() -> None:
    stage = asking_again(budget=0.0, least=0)
    stage.asks(request())
    stage.upstreams.last.fails()
    stage.upstreams.last.connects(reused=True).fails()
    stage.upstreams.last.connects().answers()
    assert stage.client.said[0] == "head 200"
    stage.check_it_is_over()


def test_a_client_that_was_held_by_a_server_that_broke_goes_on() -> None:
    stage = begun()
    stage.exchange.upstream_blocked()
    assert stage.client.held
    stage.upstream.fails()
    assert not stage.client.held
