"""Finding a server: none, one that fails, another, and what must never be sent twice."""

import errno

import pytest

from kit.recorders import Stage, begun, request, uploading
from pointsman.core.kept_body import MOST_KEPT
from pointsman.model.message import CHUNKED

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
