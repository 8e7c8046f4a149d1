"""Answers that rules decide: well framed, whatever they say."""

from __future__ import annotations

import pytest

from pointsman.core.own_answer import own_answer, phrase_of
from pointsman.model.decision import Respond


def test_a_body_has_its_length() -> None:
    head, body = own_answer(Respond(200, b"hello", [(b"X-A", b"1"), (b"X-A", b"2")]), b"GET")
    assert (head.status, head.reason, head.body_length, body) == (200, b"OK", 5, b"hello")
    assert head.headers.fields == [(b"X-A", b"1"), (b"X-A", b"2"), (b"Content-Length", b"5")]


def test_what_frames_a_message_is_not_for_rules() -> None:
    fields = [(b"content-length", b"7"), (b"Transfer-Encoding", b"chunked"), (b"Connection", b"x")]
    head, _ = own_answer(Respond(200, b"", fields), b"GET")
    assert head.headers.fields == [(b"Content-Length", b"0")]


def test_a_head_request_is_told_the_length_that_a_get_would_have() -> None:
    head, body = own_answer(Respond(200, b"hello"), b"HEAD")
    assert (body, head.body_length, head.headers.get(b"content-length")) == (b"", 0, b"5")


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(status: int) -> None:
    head, body = own_answer(Respond(status, b"hello"), b"GET")
    assert (body, head.body_length, head.headers.fields) == (b"", 0, [])


@pytest.mark.parametrize("status", [0, 100, 199, 1000, -1])
def test_a_status_that_is_none_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="200 to 999"):
        own_answer(Respond(status), b"GET")


def test_nothing_breaks_the_head() -> None:
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        own_answer(Respond(200, b"", [(b"X", b"a\r\nSet-Cookie: b")]), b"GET")
    with pytest.raises(ValueError, match="not a token"):
        own_answer(Respond(200, b"", [(b"X Y", b"a")]), b"GET")
    with pytest.raises(ValueError, match="line break"):
        own_answer(Respond(200, b"", reason=b"OK\r\nX: y"), b"GET")


def test_an_unusual_status_has_the_phrase_it_is_given() -> None:
    assert phrase_of(799) == b""
    head, _ = own_answer(Respond(799, reason=b"Odd"), b"GET")
    assert head.reason == b"Odd"
