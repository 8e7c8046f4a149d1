"""Answers of our own: small, whole, and telling nothing of the inside."""

import pytest

from pointsman.core.error_answer import error_answer


@pytest.mark.parametrize("status", [400, 405, 408, 413, 414, 417, 431, 501, 502, 503, 504, 505])
def test_head_and_body_agree(status: int) -> None:
    head, body = error_answer(status, "id-1")
    assert (head.status, head.body_length) == (status, len(body))
    assert head.headers.get_all(b"content-length") == [b"%d" % len(body)]
    assert head.headers.get(b"cache-control") == b"no-store"
    assert head.headers.get(b"content-type") == b"text/plain; charset=utf-8"
    assert body == b"%d %b\nRequest id: id-1\n" % (status, head.reason)
    assert head.reason


def test_405_says_what_is_allowed() -> None:
    allowed = error_answer(405, "x")[0].headers.get(b"allow")
    assert allowed is not None
    assert b"GET" in allowed.split(b", ")
    assert b"CONNECT" not in allowed.split(b", ")
    assert error_answer(400, "x")[0].headers.get(b"allow") is None


def test_a_client_may_be_asked_to_come_again() -> None:
    head, _ = error_answer(503, "id", 7)
    assert head.headers.get(b"Retry-After") == b"7"
    head, _ = error_answer(503, "id")
    assert b"Retry-After" not in head.headers
