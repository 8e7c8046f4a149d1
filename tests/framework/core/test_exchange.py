"""One request and its response, played from both sides, path by path."""

import pytest

from kit.recorders import Stage, begun, request, response, uploading
from pointsman.model.errors import ClientError
from pointsman.model.message import CHUNKED, UNTIL_CLOSE

# ---- the ordinary ways ----


def test_a_request_without_body_and_its_answer() -> None:
    stage = begun()
    assert (stage.upstream.got, stage.upstream.has_end) == (b"", True)
    stage.upstream.answers(200, b"hello")
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    assert not stage.client.closes
    assert stage.upstream.end == "released"
    assert stage.record.termination == "ok"
    stage.check_it_is_over()


def test_an_answer_in_pieces() -> None:
    stage = begun()
    stage.upstream.answers(200, b"he", length=5, ended=False)
    stage.exchange.response_data(b"llo")
    assert not stage.exchange.over
    stage.exchange.response_ended([(b"X-Sum", b"1")])
    assert stage.client.said == ["head 200", "data 2", "data 3", "end", "done"]
    assert stage.client.trailers == [(b"X-Sum", b"1")]
    assert stage.record.bytes_out == 5
    stage.check_it_is_over()


def test_a_body_in_pieces_with_trailers() -> None:
    stage = Stage()
    stage.asks(request(b"POST", CHUNKED), b"one", ended=False)
    stage.exchange.request_data(b"two")
    upstream = stage.upstreams.last.connects()
    assert (upstream.got, upstream.has_end) == (b"onetwo", False)
    stage.exchange.request_data(b"three")
    stage.exchange.request_ended([(b"X-Sum", b"1")])
    assert (upstream.got, upstream.has_end) == (b"onetwothree", True)
    assert upstream.trailers == [(b"X-Sum", b"1")]
    upstream.answers()
    assert upstream.end == "released"
    assert stage.record.bytes_in == 11


def test_trailers_that_came_before_the_server_was_there_are_not_lost() -> None:
    stage = Stage()
    stage.asks(request(b"POST", CHUNKED), b"one", ended=False)
    stage.exchange.request_ended([(b"X-Sum", b"1")])
    upstream = stage.upstreams.last.connects()
    assert (upstream.got, upstream.has_end) == (b"one", True)
    assert upstream.trailers == [(b"X-Sum", b"1")]


def test_the_connection_of_a_server_that_closes_is_not_kept() -> None:
    stage = begun()
    stage.exchange.response_began(response(keep_alive=False), b"", True)
    assert stage.upstream.end == "closed"
    assert not stage.client.closes  # ours to the client has nothing to do with it


@pytest.mark.parametrize(("keep_alive", "closing"), [(False, False), (True, True)])
def test_the_client_is_told_that_its_connection_ends(keep_alive: bool, closing: bool) -> None:
    stage = Stage()
    stage.client.closing = closing
    stage.asks(request(keep_alive=keep_alive))
    stage.upstreams.last.connects().answers()
    assert stage.client.closes


# ---- interim answers ----


@pytest.mark.parametrize(("minor", "said"), [(1, ["interim 100", "interim 103"]), (0, [])])
def test_interim_answers_pass_but_not_to_http_1_0(minor: int, said: list[str]) -> None:
    stage = Stage()
    stage.asks(request(b"PUT", 3, minor=minor), ended=False)
    upstream = stage.upstreams.last.connects()
    stage.exchange.response_interim(response(100))
    stage.exchange.response_interim(response(103))
    assert stage.client.said == said
    stage.exchange.request_data(b"abc")
    stage.exchange.request_ended([])
    assert upstream.got == b"abc"
    upstream.answers()
    stage.check_it_is_over()


def test_after_an_interim_answer_nothing_is_sent_twice() -> None:
    stage = begun()
    stage.exchange.response_interim(response(103))
    stage.upstream.fails()
    assert stage.client.said == ["interim 103", "head 502", f"data {len(stage.client.body)}", "end",
                                 "done"]  # fmt: skip
    assert len(stage.upstreams.openings) == 1


# ---- an answer before the end of the request ----


def test_an_early_answer_is_delivered_and_both_connections_end() -> None:
    stage = uploading()
    stage.upstream.answers(413, b"no")
    assert stage.client.said == ["head 413", "data 2", "end", "done"]
    assert stage.client.closes
    assert stage.client.completed is False
    assert stage.upstream.end == "closed"
    stage.exchange.request_data(b"more")  # what was under way
    stage.exchange.request_ended([])
    stage.check_it_is_over()


def test_an_answer_that_begins_early_may_go_on_while_the_body_does() -> None:
    stage = uploading(9, b"abc")
    stage.upstream.answers(200, b"AB", length=6, ended=False)
    stage.exchange.request_data(b"defghi")
    stage.exchange.request_ended([])
    stage.exchange.response_data(b"CDEF")
    stage.exchange.response_ended([])
    assert stage.upstream.got == b"abcdefghi"
    assert stage.upstream.end == "released"
    assert stage.client.completed


# ---- an answer that breaks off ----


@pytest.mark.parametrize(
    ("phase", "word"), [("response", "upstream_aborted"), ("timeout", "upstream_timeout")]
)
def test_design_5_8_an_answer_that_breaks_off_is_cut_never_completed(phase: str, word: str) -> None:
    stage = begun()
    stage.upstream.answers(200, b"he", length=UNTIL_CLOSE, ended=False)
    stage.upstream.fails(phase)
    assert stage.client.said == ["head 200", "data 2", "cut", "done"]
    assert stage.record.termination == word
    assert stage.members[0].failures == 1
    stage.check_it_is_over()


# ---- refusals ----


def test_a_declared_body_over_the_limit_is_413_and_no_server_hears_of_it() -> None:
    stage = Stage(body_limit=10)
    stage.asks(request(b"POST", 11), ended=False)
    assert stage.client.said[0] == "head 413"
    assert stage.client.closes
    assert stage.upstreams.openings == []
    stage.check_it_is_over()


@pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 10, b"x"], [b"", b"x" * 11]])
def test_a_chunked_body_over_the_limit_is_413_wherever_it_is_split(pieces: list[bytes]) -> None:
    stage = Stage(body_limit=10)
    stage.asks(request(b"POST", CHUNKED), pieces[0], ended=False)
    for piece in pieces[1:]:
        stage.exchange.request_data(piece)
    assert stage.client.said[0] == "head 413"
    assert stage.record.termination == "client_error"
    stage.check_it_is_over()


def test_a_body_of_just_the_limit_passes() -> None:
    stage = Stage(body_limit=10)
    stage.asks(request(b"POST", 10), b"x" * 10)
    stage.upstreams.last.connects().answers()
    assert stage.client.said[0] == "head 200"


def test_a_limit_reached_under_a_response_cuts() -> None:
    stage = Stage(body_limit=10)
    stage.asks(request(b"POST", CHUNKED), b"x", ended=False)
    stage.upstreams.last.connects().answers(200, b"a", length=CHUNKED, ended=False)
    stage.exchange.request_data(b"x" * 10)
    assert stage.client.said == ["head 200", "data 1", "cut", "done"]
    assert stage.upstream.end == "aborted"
    stage.check_it_is_over()


@pytest.mark.parametrize("status", [400, 408, 413, 414, 417, 431, 501, 505])
def test_what_is_no_request_is_refused(status: int) -> None:
    stage = Stage()
    stage.exchange.refuse(ClientError(status, "why"))
    assert stage.client.said[0] == f"head {status}"
    assert stage.client.closes
    assert stage.record.termination == ("client_timeout" if status == 408 else "client_error")
    stage.check_it_is_over()


@pytest.mark.parametrize("connected", [False, True])
def test_a_body_that_turns_out_malformed_ends_the_request(connected: bool) -> None:
    stage = Stage()
    stage.asks(request(b"POST", CHUNKED), ended=False)
    if connected:
        stage.upstreams.last.connects()
    stage.exchange.refuse(ClientError(400, "bad chunk"))
    assert stage.client.said[0] == "head 400"
    assert (stage.upstream.end if connected else stage.upstreams.last.end) in (
        "aborted",
        "cancelled",
    )
    stage.check_it_is_over()


def test_the_refusal_of_a_head_request_has_no_body() -> None:
    stage = Stage(0)
    stage.asks(request(b"HEAD"))
    assert stage.client.said == ["head 503", "end", "done"]
    assert stage.record.bytes_out == 0
