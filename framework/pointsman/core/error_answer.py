"""The answers that we make ourselves: small, plain, with a request id, telling nothing inside."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from pointsman.model.headers import Field, Headers
from pointsman.model.message import ResponseHead

# RFC 9110 section 15.5.6 wants Allow in a 405.
_ALLOWED: Final = b"GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"

_SPEAK_TLS: Final = b"400 Bad Request\nThis port speaks TLS: ask for https:// instead.\n"
# What a client gets that speaks HTTP to a TLS port, whole: there is no exchange to answer.
PLAIN_HTTP_REFUSED: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_SPEAK_TLS), _SPEAK_TLS)
)


def error_answer(status: int, request_id: str, retry_after: int = 0) -> tuple[ResponseHead, bytes]:
    """Head and body of an error response.

    Args:
        status: 4xx or 5xx.
        request_id: what the access log knows this exchange by.
        retry_after: seconds until it is worth while to ask again, 0 says nothing of it.
    """
    phrase = HTTPStatus(status).phrase
    body = f"{status} {phrase}\nRequest id: {request_id}\n".encode("ascii")
    fields: list[Field] = [
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", b"%d" % len(body)),
        (b"Cache-Control", b"no-store"),
    ]
    if retry_after:
        fields.append((b"Retry-After", b"%d" % retry_after))
    if status == 405:
        fields.append((b"Allow", _ALLOWED))
    head = ResponseHead(
        status, Headers(fields), reason=phrase.encode("ascii"), body_length=len(body)
    )
    return head, body
