"""What ends at a proxy and what it adds: hop-by-hop fields, Via, framing, Connection."""

from __future__ import annotations

from pointsman.core.http1 import fields as f
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, UNTIL_CLOSE, RequestHead, ResponseHead

_REQUEST_DROPS = f.HOP_BY_HOP
_RESPONSE_DROPS = f.HOP_BY_HOP


def request_bytes(
    head: RequestHead, bits: f.FieldBits, about_client: bytes, replaced: int
) -> bytes:
    """The request head as the real server gets it, always HTTP/1.1.

    Args:
        head: as the client sent it, or as a rule changed it.
        bits: shared memory of field names.
        about_client: ready field lines to add: X-Forwarded-*, Forwarded, Via.
        replaced: marks of the fields in ``about_client`` that must not come from the client.
    """
    drops = _REQUEST_DROPS | replaced
    if head.marks & drops or head.options:
        lines = _lines_without(head.headers.fields, bits, drops, head.options)
    else:
        lines = head.headers.wire()
    if head.minor == 0 and not head.marks & f.HOST:
        # An HTTP/1.0 request may come without Host, an HTTP/1.1 one may not leave without.
        lines = b"Host: %b\r\n%b" % (head.host, lines)
    if head.body_length == CHUNKED:
        about_client += b"Transfer-Encoding: chunked\r\n"
    if head.upgrade:
        about_client += b"Connection: upgrade\r\nUpgrade: %b\r\n" % head.upgrade
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (head.method, head.target, lines, about_client)


def response_bytes(
    head: ResponseHead,
    bits: f.FieldBits,
    via: bytes,
    *,
    client_minor: int,
    close: bool,
    bodiless: bool,
) -> bytes:
    """The response head as the client gets it.

    Args:
        head: as the server sent it, or as a rule or persistence changed it.
        bits: shared memory of field names.
        via: a ready Via line, or b"".
        client_minor: HTTP minor version of the request; 0 cannot take chunks.
        close: whether the connection ends after this response.
        bodiless: no body follows whatever the fields say (HEAD).
    """
    if head.marks & _RESPONSE_DROPS or head.options:
        lines = _lines_without(head.headers.fields, bits, _RESPONSE_DROPS, head.options)
    else:
        lines = head.headers.wire()
    added = via
    if head.body_length < 0 and client_minor and not bodiless:
        added += b"Transfer-Encoding: chunked\r\n"
    if close:
        added += b"Connection: close\r\n"
    elif client_minor == 0:
        added += b"Connection: keep-alive\r\n"
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (head.status, head.reason, lines, added)


def interim_bytes(head: ResponseHead, bits: f.FieldBits) -> bytes:
    """A 1xx response on its way to the client (RFC 9110 section 15.2)."""
    lines = _lines_without(
        head.headers.fields, bits, _RESPONSE_DROPS | f.CONTENT_LENGTH, head.options
    )
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (head.status, head.reason, lines)


def switching_bytes(head: ResponseHead, bits: f.FieldBits) -> bytes:
    """A 101 response: the one whose Connection and Upgrade the client needs (RFC 9110 7.8)."""
    lines = _lines_without(
        head.headers.fields, bits, f.CONNECTION | f.KEEP_ALIVE | f.TRANSFER_ENCODING, ()
    )
    return b"HTTP/1.1 101 %b\r\n%bConnection: upgrade\r\n\r\n" % (head.reason, lines)


def ends_connection(head: ResponseHead, client_minor: int) -> bool:
    """Whether only closing can tell this client where the body ends."""
    return client_minor == 0 and head.body_length in (CHUNKED, UNTIL_CLOSE)


def _lines_without(
    fields: list[Field], bits: f.FieldBits, drops: int, options: tuple[bytes, ...]
) -> bytes:
    if not options:
        return b"".join([b"%b: %b\r\n" % field for field in fields if not bits[field[0]] & drops])
    # Fields that Connection names go as well, but not those that the proxy itself understands:
    # "Connection: host, x-forwarded-for" must not strip what the server relies on.
    return b"".join(
        [
            b"%b: %b\r\n" % field
            for field in fields
            if not (bit := bits[field[0]]) & drops and (bit or field[0].lower() not in options)
        ]
    )
