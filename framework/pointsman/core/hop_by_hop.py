"""What ends at a proxy and what it adds: hop-by-hop fields, Via, framing, Connection."""

from __future__ import annotations

from pointsman.core.http1 import fields as f
from pointsman.model.message import CHUNKED, Head, RequestHead, ResponseHead


def request_bytes(head: RequestHead, about_client: bytes, replaced: int) -> bytes:
    """The request head as the real server gets it, always HTTP/1.1.

    Args:
        head: as the client sent it, or as a rule changed it.
        about_client: ready field lines to add: X-Forwarded-*, Forwarded, Via.
        replaced: bits of the fields that must not come from the client.
    """
    drops = f.HOP_BY_HOP | f.LOOKALIKE | replaced
    if head.minor == 0:
        # RFC 9110 section 7.6.3: Via names the version in which the message came.
        about_client = about_client.replace(b"Via: 1.1 ", b"Via: 1.0 ", 1)
    if head.body_length == CHUNKED:
        about_client += b"Transfer-Encoding: chunked\r\n"
        drops |= f.CONTENT_LENGTH  # even if a rule has set one (RFC 9112 section 6.2)
    lines = lines_without(head, drops)
    if head.upgrade:
        about_client += b"Connection: upgrade\r\nUpgrade: %b\r\n" % head.upgrade
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (head.method, head.target, lines, about_client)


def response_bytes(
    head: ResponseHead, via: bytes, *, client_minor: int, close: bool, bodiless: bool
) -> bytes:
    """The response head as the client gets it.

    Args:
        head: as the server sent it, or as a rule or persistence changed it.
        via: a ready Via line, or b"".
        client_minor: HTTP minor version of the request; 0 cannot take chunks.
        close: whether the connection ends after this response.
        bodiless: no body follows whatever the fields say (HEAD).
    """
    drops = f.HOP_BY_HOP
    if head.minor == 0:
        via = via.replace(b"1.1", b"1.0", 1)  # RFC 9110 section 7.6.3
    if head.body_length < 0 and not bodiless:
        drops |= f.CONTENT_LENGTH  # even if a rule has set one (RFC 9112 section 6.2)
        if client_minor:
            via += b"Transfer-Encoding: chunked\r\n"
    if close:
        via += b"Connection: close\r\n"
    elif client_minor == 0:
        via += b"Connection: keep-alive\r\n"
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (
        head.status,
        head.reason,
        lines_without(head, drops),
        via,
    )


def interim_bytes(head: ResponseHead) -> bytes:
    """A 1xx response on its way to the client (RFC 9110 section 15.2)."""
    lines = lines_without(head, f.HOP_BY_HOP | f.CONTENT_LENGTH)
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (head.status, head.reason, lines)


def switching_bytes(head: ResponseHead) -> bytes:
    """A 101 response: the one whose Connection and Upgrade the client needs (RFC 9110 7.8)."""
    lines = lines_without(head, (f.HOP_BY_HOP | f.CONTENT_LENGTH) & ~f.UPGRADE)
    return b"HTTP/1.1 101 %b\r\n%bConnection: upgrade\r\n\r\n" % (head.reason, lines)


def ends_connection(head: ResponseHead, client_minor: int) -> bool:
    """Whether only closing can tell this client where the body ends."""
    return client_minor == 0 and head.body_length < 0


def lines_without(head: Head, drops: int) -> bytes:
    """The field lines of a head, each with its CRLF, without the fields of those bits.

    Those that Connection names are gone since the head was read (``http1/fields.drop_named``).
    """
    wire = head.wire
    if wire is None:
        return _rendered_without(head, drops)
    if head.seen & drops:
        for mark in head.marks:
            if mark.bit & drops:
                wire = _cut_line(wire, mark.line)
    return wire


def _cut_line(wire: bytes, line: bytes) -> bytes:
    if wire.startswith(line + b"\r\n"):
        return wire[len(line) + 2 :]
    place = wire.find(b"\r\n%b\r\n" % line) + 2
    return wire[:place] + wire[place + len(line) + 2 :]


def _rendered_without(head: Head, drops: int) -> bytes:
    bit_of = f.bit_of
    return b"".join(
        [b"%b: %b\r\n" % field for field in head.headers.fields if not bit_of(field[0]) & drops]
    )
