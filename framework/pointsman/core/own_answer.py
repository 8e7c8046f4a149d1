"""Answers that a rule decides, as heads and bodies."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.model.decision import Respond
from pointsman.model.headers import Headers
from pointsman.model.message import ResponseHead

# What the framing decides, not the rule.
_OURS: Final = f.HOP_BY_HOP | f.CONTENT_LENGTH
# RFC 9110 section 6.4.1: no body follows these, and 204 has no Content-Length either (8.6).
BODILESS: Final = (204, 304)


def own_answer(respond: Respond, method: bytes) -> tuple[ResponseHead, bytes]:
    """Head and body of an answer.

    Args:
        respond: what was decided.
        method: of the request.

    Raises:
        ValueError: a status that is none, or a field that would break the head.
    """
    status = respond.status
    if not 200 <= status <= 999:
        raise ValueError(f"an answer has a status of 200 to 999, got {status}")
    headers = Headers()
    for name, value in respond.fields:
        if not f.bit_of(name) & _OURS:
            headers.add(name, value)
    reason = respond.reason or phrase_of(status)
    if b"\r" in reason or b"\n" in reason:
        raise ValueError("the reason phrase holds a line break")
    body = respond.body
    if status in BODILESS:
        body = b""
    else:
        headers.add(b"Content-Length", b"%d" % len(body))
    if method == b"HEAD":
        body = b""
    return ResponseHead(status, headers, reason=reason, body_length=len(body)), body


def phrase_of(status: int) -> bytes:
    """The usual reason phrase, b"" for a status that has none."""
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b""
