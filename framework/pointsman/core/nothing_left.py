"""When no server is left: the answers that the configuration has for that."""

from __future__ import annotations

from http import HTTPStatus

from pointsman.model.headers import Field, Headers
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.when_down import FixedAnswer, RedirectAway


def last_answer(
    when_down: RedirectAway | FixedAnswer, request: RequestHead
) -> tuple[ResponseHead, bytes]:
    """Head and body of the answer to a request that no server can take.

    Args:
        when_down: what the configuration says.
        request: what was asked.
    """
    status, body = when_down.status, b""
    fields: list[Field]
    if isinstance(when_down, RedirectAway):
        fields = [(b"Location", when_down.location(request))]
        if request.method != b"HEAD":
            body = f"{status} {_phrase(status)}\n".encode("ascii")
            fields.append((b"Content-Type", b"text/plain; charset=utf-8"))
    else:
        body = when_down.body
        fields = list(when_down.fields)
    bodiless = status in (204, 304)  # RFC 9110 section 6.4.1; a 204 has no length either (8.6)
    if bodiless:
        body = b""
    else:
        fields.append((b"Content-Length", b"%d" % len(body)))
    if not any(name.lower() == b"cache-control" for name, _ in fields):
        fields.append((b"Cache-Control", b"no-store"))  # it is over when a server comes back
    reason = _phrase(status).encode("ascii")
    return ResponseHead(status, Headers(fields), reason=reason, body_length=len(body)), body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
