"""What goes on to the next hop: exactly these bytes, for every kind of request and response."""

from typing import NamedTuple

import pytest

from pointsman.core.hop_by_hop import (
    ends_connection,
    interim_bytes,
    lines_without,
    request_bytes,
    response_bytes,
    switching_bytes,
)
from pointsman.core.http1 import fields as f
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.core.http1.response_reader import ResponseReader
from pointsman.model.headers import Headers
from pointsman.model.message import CHUNKED, UNTIL_CLOSE, RequestHead, ResponseHead
from pointsman.model.service import Limits

VIA = b"Via: 1.1 us\r\n"


def request(data: bytes) -> RequestHead:
    head = RequestReader(Limits(), FieldLines()).read(data)
    assert head is not None
    return head


def response(data: bytes, method: bytes = b"GET") -> ResponseHead:
    head = ResponseReader(0, FieldLines()).read(data, method)
    assert head is not None
    return head


REQUEST_FIELDS = {
    "nothing to drop": (b"A: b\r\nC:d \r\n", b"A: b\r\nC:d \r\n"),
    "close": (b"Connection: close\r\n", b""),
    "keep-alive": (b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", b""),
    "proxy-connection": (b"Proxy-Connection: x\r\nA: b\r\n", b"A: b\r\n"),
    "te": (b"Connection: TE\r\nTE: trailers\r\n", b""),
    "te that nobody named": (b"TE: trailers\r\n", b""),
    "upgrade that nobody named": (b"Upgrade: websocket\r\n", b""),
    "named": (b"A: 1\r\nConnection: a, close\r\na: 2\r\nAb: 3\r\n", b"Ab: 3\r\n"),
    "named on two lines": (b"Connection: a\r\nConnection: b\r\nA: 1\r\nB: 2\r\n", b""),
    "named but not there": (b"Connection: a\r\nB: 2\r\n", b"B: 2\r\n"),
    "names Host": (b"Connection: host\r\n", b""),
    "names what tells of the client": (b"Connection: via\r\nVia: 1.1 b\r\n", b"Via: 1.1 b\r\n"),
    "names the length": (
        b"Connection: content-length\r\nContent-Length: 0\r\n",
        b"Content-Length: 0\r\n",
    ),
    "names Expect": (
        b"Connection: expect\r\nExpect: 100-continue\r\n",
        b"Expect: 100-continue\r\n",
    ),
    "the same line twice": (b"TE: x\r\nA: b\r\nTE: x\r\n", b"A: b\r\n"),
    "a line that ends like a dropped one": (b"XTE: x\r\nTE: x\r\n", b"XTE: x\r\n"),
    "a line that begins like a dropped one": (b"TE: xy\r\nTE: x\r\nA: b\r\n", b"A: b\r\n"),
    "lookalikes": (b"Content_Length: 5\r\nHost_: a\r\nX_Forwarded_For: b\r\n", b"Host_: a\r\n"),
    "via stays": (b"Via: 1.0 a\r\n", b"Via: 1.0 a\r\n"),
    "trailer stays": (b"Trailer: X-Sum\r\n", b"Trailer: X-Sum\r\n"),
    "authorization stays": (b"Proxy-Authorization: x\r\n", b"Proxy-Authorization: x\r\n"),
}


@pytest.mark.parametrize(("fields", "left"), REQUEST_FIELDS.values(), ids=REQUEST_FIELDS)
def test_fields_of_a_request(fields: bytes, left: bytes) -> None:
    start = b"GET /a HTTP/1.1\r\nHost: a\r\n"
    head = request(start + fields + b"\r\n")
    assert request_bytes(head, VIA, 0) == start + left + VIA + b"\r\n"
    # A rule that changes the head makes its fields be written anew: the same ones.
    head.headers.add(b"Z", b"z")
    written = request_bytes(head, VIA, 0)
    assert written == start + left.replace(b":d ", b": d") + b"Z: z\r\n" + VIA + b"\r\n"


def test_a_coding_is_framed_anew_and_never_beside_a_length() -> None:
    head = request(b"PUT / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n")
    sent = request_bytes(head, VIA, 0)
    assert sent == b"PUT / HTTP/1.1\r\nHost: a\r\n" + VIA + b"Transfer-Encoding: chunked\r\n\r\n"


def test_an_upgrade_is_asked_for_anew() -> None:
    head = request(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade, b\r\n"
        b"Sec-WebSocket-Key: x\r\nB: c\r\n\r\n"
    )
    assert request_bytes(head, b"", 0) == (
        b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\n"
        b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    )


def test_no_client_names_away_what_a_rule_has_set() -> None:
    head = request(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-User\r\nX-User: admin\r\n\r\n"
    )
    assert b"X-User" not in head.headers
    head.headers.set(b"X-User", b"nobody")
    assert request_bytes(head, b"", 0) == b"GET / HTTP/1.1\r\nHost: a\r\nX-User: nobody\r\n\r\n"


def test_no_server_names_away_what_a_rule_has_set() -> None:
    head = response(b"HTTP/1.1 204 None\r\nConnection: x-frame-options\r\n\r\n")
    head.headers.set(b"X-Frame-Options", b"DENY")
    out = response_bytes(head, b"", client_minor=1, close=False, bodiless=False)
    assert out == b"HTTP/1.1 204 None\r\nX-Frame-Options: DENY\r\n\r\n"


def test_what_a_stranger_says_of_itself_is_replaced() -> None:
    head = request(
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nx-forwarded-for: 2\r\n"
        b"X-Forwarded-Proto: https\r\nForwarded: for=1\r\n\r\n"
    )
    about = b"X-Forwarded-For: 9\r\n"
    start = b"GET / HTTP/1.1\r\nHost: a\r\n"
    assert request_bytes(head, about, f.ABOUT_CLIENT) == start + about + b"\r\n"
    left = b"X-Forwarded-Proto: https\r\nForwarded: for=1\r\n"
    assert request_bytes(head, about, f.X_FORWARDED_FOR) == start + left + about + b"\r\n"


def test_http_1_0_becomes_1_1_and_via_remembers() -> None:
    head = request(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
    assert request_bytes(head, VIA, 0) == b"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 us\r\n\r\n"


class Answer(NamedTuple):
    """A head of a server, and what clients of HTTP/1.1 and 1.0 get between fields and CRLF."""

    head: bytes
    method: bytes
    fields: bytes
    to_1_1: bytes
    to_1_0: bytes


LENGTH, CODING = b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"
KEEP, CLOSE = b"Connection: keep-alive\r\n", b"Connection: close\r\n"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n"
OK = b"HTTP/1.1 200 OK\r\n"

ANSWERS = {
    "length": Answer(OK + LENGTH, b"GET", LENGTH, b"", KEEP),
    "chunked": Answer(OK + CODING, b"GET", b"", CODING, CLOSE),
    "until close": Answer(OK, b"GET", b"", CODING, CLOSE),
    "length, HEAD": Answer(OK + LENGTH, b"HEAD", LENGTH, b"", KEEP),
    "chunked, HEAD": Answer(OK + CODING, b"HEAD", b"", b"", KEEP),
    "until close, HEAD": Answer(OK, b"HEAD", b"", b"", KEEP),
    "204": Answer(NO_CONTENT, b"GET", b"", b"", KEEP),
    "204 with length": Answer(NO_CONTENT + LENGTH, b"GET", b"", b"", KEEP),
    "204 chunked": Answer(NO_CONTENT + CODING, b"GET", b"", b"", KEEP),
    "304": Answer(NOT_MODIFIED, b"GET", b"", b"", KEEP),
    "304 with length": Answer(NOT_MODIFIED + LENGTH, b"GET", LENGTH, b"", KEEP),
    "304 chunked": Answer(NOT_MODIFIED + CODING, b"GET", b"", b"", KEEP),
    "server closes": Answer(OK + LENGTH + CLOSE, b"GET", LENGTH, b"", KEEP),
    "fields named": Answer(OK + LENGTH + b"Connection: a\r\nA: b\r\n", b"GET", LENGTH, b"", KEEP),
    "hop by hop": Answer(
        OK + b"Keep-Alive: 5\r\nUpgrade: h2\r\n" + LENGTH, b"GET", LENGTH, b"", KEEP
    ),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("minor", [1, 0])
def test_a_response_is_framed_for_its_client(answer: Answer, minor: int) -> None:
    head = response(answer.head + b"\r\n", answer.method)
    close = ends_connection(head, minor)
    written = response_bytes(
        head, VIA, client_minor=minor, close=close, bodiless=answer.method == b"HEAD"
    )
    start = b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason)
    added = answer.to_1_1 if minor else answer.to_1_0
    assert written == start + answer.fields + VIA + added + b"\r\n"
    assert not (CODING in written and b"Content-Length" in written)


def test_only_closing_tells_http_1_0_where_an_unknown_length_ends() -> None:
    for length, ends in [(0, False), (5, False), (CHUNKED, True), (UNTIL_CLOSE, True)]:
        head = ResponseHead(200, body_length=length)
        assert ends_connection(head, 0) is ends
        assert not ends_connection(head, 1)


def test_a_response_says_when_the_connection_ends() -> None:
    head = response(OK + LENGTH + b"\r\n")
    for minor in (0, 1):
        written = response_bytes(head, b"", client_minor=minor, close=True, bodiless=False)
        assert written == OK + LENGTH + CLOSE + b"\r\n"


def test_via_names_the_version_of_the_server() -> None:
    head = response(b"HTTP/1.0 200 OK\r\nVia: 1.1 x\r\nContent-Length: 5\r\n\r\n")
    written = response_bytes(head, VIA, client_minor=1, close=False, bodiless=False)
    assert written == OK + b"Via: 1.1 x\r\nContent-Length: 5\r\nVia: 1.0 us\r\n\r\n"


def test_a_response_of_ours_is_written_from_its_fields() -> None:
    head = ResponseHead(302, Headers([(b"Location", b"/b"), (b"TE", b"x")]), reason=b"Found")
    written = response_bytes(head, b"", client_minor=1, close=False, bodiless=False)
    assert written == b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n"


def test_interim_answers_keep_their_own_fields_only() -> None:
    head = response(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\nConnection: x\r\nX: y\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n".replace(b"Content-Length: 5\r\n", b"")
    )
    assert interim_bytes(head) == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    head = response(b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n")
    assert interim_bytes(head) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_switch_keeps_upgrade_and_has_no_length() -> None:
    head = response(
        b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nConnection: Upgrade, b\r\nB: c\r\n"
        b"Content-Length: 0\r\nSec-WebSocket-Accept: x\r\nKeep-Alive: 5\r\n\r\n"
    )
    assert switching_bytes(head) == (
        b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"
        b"Connection: upgrade\r\n\r\n"
    )


def test_nothing_is_copied_when_nothing_is_dropped() -> None:
    head = request(b"GET / HTTP/1.1\r\nHost: a\r\nA:  b \r\n\r\n")
    assert lines_without(head, f.HOP_BY_HOP) is head.wire


def test_no_rule_brings_a_length_beside_a_coding() -> None:
    head = request(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    head.headers.set(b"Content-Length", b"5")
    head.headers.set(b"Connection", b"close")
    assert request_bytes(head, b"", 0) == b"PUT / HTTP/1.1\r\nHost: a\r\n" + CODING + b"\r\n"
    for minor, added in [(1, CODING), (0, CLOSE)]:
        answer = response(OK + CODING + b"\r\n")
        answer.headers.set(b"Content-Length", b"5")
        written = response_bytes(answer, b"", client_minor=minor, close=not minor, bodiless=False)
        assert written == OK + added + b"\r\n"
