"""Response heads: what is refused, how each is framed, and the same in every split."""

from typing import NamedTuple

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.feeding import cut
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.response_reader import ResponseReader
from pointsman.model.errors import UpstreamError
from pointsman.model.message import CHUNKED, UNTIL_CLOSE, ResponseHead

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, method: bytes = b"GET", max_bytes: int = 131072) -> ResponseHead | None:
    return ResponseReader(max_bytes, FieldLines()).read(data, method)


def read_in_pieces(data: bytes, places: list[int], method: bytes = b"GET") -> ResponseHead | None:
    """Read as the upstream connection does: again with all bytes whenever some came."""
    reader = ResponseReader(131072, FieldLines())
    seen = b""
    for piece in cut(data, places):
        seen += piece
        head = reader.read(seen, method)
        if head is not None:
            return head
    return None


REFUSED = {
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "shoutcast": b"ICY 200 OK\r\n\r\n",
    "rtsp": b"RTSP/1.0 200 OK\r\n\r\n",
    "html without a head": b"<html>\r\n\r\n",
    "lower case": b"http/1.1 200 OK\r\n\r\n",
    "empty line in front": b"\r\n" + OK + b"\r\n",
    "space in front": b" " + OK + b"\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "HTTP/1.10": b"HTTP/1.10 200 OK\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "no status but space": b"HTTP/1.1 \r\n\r\n",
    "two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "tab": b"HTTP/1.1\t200 OK\r\n\r\n",
    "tab after status": b"HTTP/1.1 200\tOK\r\n\r\n",
    "status 0": b"HTTP/1.1 000 x\r\n\r\n",
    "status 99": b"HTTP/1.1 99 x\r\n\r\n",
    "status 099": b"HTTP/1.1 099 x\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 x\r\n\r\n",
    "status with plus": b"HTTP/1.1 +20 x\r\n\r\n",
    "status in letters": b"HTTP/1.1 2OO OK\r\n\r\n",
    "letter after status": b"HTTP/1.1 200x OK\r\n\r\n",
    "CR in reason": b"HTTP/1.1 200 a\rb\r\n\r\n",
    "LF in reason": b"HTTP/1.1 200 a\nb\r\n\r\n",
    "NUL in reason": b"HTTP/1.1 200 a\0b\r\n\r\n",
    "escape in reason": b"HTTP/1.1 200 a\x1bb\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nA: b\n\n",
    "bare LF after a field": OK + b"A: b\n\r\n",
    "bare LF in a field": OK + b"A: b\nC: d\r\n\r\n",
    "bare CR in a field": OK + b"A: b\rC: d\r\n\r\n",
    # RFC 9112 section 5.2 lets a proxy either refuse a folded field or unfold it: we refuse.
    "folded field": OK + b"A: b\r\n c\r\n\r\n",
    "folded by tab": OK + b"A: b\r\n\tc\r\n\r\n",
    "space before colon": OK + b"A : b\r\n\r\n",
    "no colon": OK + b"A\r\n\r\n",
    "empty name": OK + b": b\r\n\r\n",
    "NUL in value": OK + b"A: b\0\r\n\r\n",
    "length and coding": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "coding and length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "the same length twice": OK + b"Content-Length: 5\r\ncontent-length: 5\r\n\r\n",
    "list of lengths": OK + b"Content-Length: 5, 5\r\n\r\n",
    "length negative": OK + b"Content-Length: -1\r\n\r\n",
    "length with plus": OK + b"Content-Length: +1\r\n\r\n",
    "length in hex": OK + b"Content-Length: 0x1\r\n\r\n",
    "length too long": OK + b"Content-Length: " + b"1" * 19 + b"\r\n\r\n",
    "length empty": OK + b"Content-Length:\r\n\r\n",
    "coding twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
    "chunked with parameter": OK + b"Transfer-Encoding: chunked;x\r\n\r\n",
    "identity": OK + b"Transfer-Encoding: identity\r\n\r\n",
    "gzip": OK + b"Transfer-Encoding: gzip\r\n\r\n",
    "gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "no coding": OK + b"Transfer-Encoding:\r\n\r\n",
    "coding in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "odd length in a 204": b"HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n",
    "head too large": OK + b"A: " + b"b" * 131072 + b"\r\n\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_whole_and_in_pieces(data: bytes) -> None:
    with pytest.raises(UpstreamError) as whole:
        read(data)
    assert whole.value.phase == "response"
    assert not whole.value.retryable
    places = range(len(data)) if len(data) < 1000 else range(0, len(data), 30000)
    with pytest.raises(UpstreamError):
        read_in_pieces(data, list(places))


class Framed(NamedTuple):
    data: bytes
    method: bytes
    length: int
    keep_alive: bool


LENGTH = b"Content-Length: 5\r\n"
CODING = b"Transfer-Encoding: chunked\r\n"
OLD = b"HTTP/1.0 200 OK\r\n"
CLOSE = b"Connection: close\r\n"
KEEP = b"Connection: keep-alive\r\n"

FRAMED = {
    "length": Framed(OK + LENGTH, b"GET", 5, True),
    "length of nothing": Framed(OK + b"Content-Length: 0\r\n", b"GET", 0, True),
    "length with zeros": Framed(OK + b"Content-Length: 0005\r\n", b"GET", 5, True),
    "length with blanks": Framed(OK + b"Content-Length: \t5 \r\n", b"GET", 5, True),
    "length of 18 digits": Framed(OK + b"Content-Length: %d\r\n" % 10**17, b"GET", 10**17, True),
    "chunked": Framed(OK + CODING, b"GET", CHUNKED, True),
    "chunked in capitals": Framed(OK + b"TRANSFER-ENCODING: CHUNKED\r\n", b"GET", CHUNKED, True),
    "until close": Framed(OK, b"GET", UNTIL_CLOSE, False),
    "until close in spite of keep-alive": Framed(OK + KEEP, b"GET", UNTIL_CLOSE, False),
    "length and close": Framed(OK + LENGTH + CLOSE, b"GET", 5, False),
    "close among others": Framed(OK + LENGTH + b"Connection: x, Close\r\n", b"GET", 5, False),
    "close on a second line": Framed(OK + LENGTH + KEEP + CLOSE, b"GET", 5, False),
    "chunked and close": Framed(OK + CODING + CLOSE, b"GET", CHUNKED, False),
    "HTTP/1.0 until close": Framed(OLD, b"GET", UNTIL_CLOSE, False),
    "HTTP/1.0 with length": Framed(OLD + LENGTH, b"GET", 5, False),
    "HTTP/1.0 kept": Framed(OLD + LENGTH + KEEP, b"GET", 5, True),
    "HTTP/1.0 kept without length": Framed(OLD + KEEP, b"GET", UNTIL_CLOSE, False),
    "HEAD": Framed(OK, b"HEAD", 0, True),
    "HEAD with length": Framed(OK + LENGTH, b"HEAD", 0, True),
    "HEAD chunked": Framed(OK + CODING, b"HEAD", 0, True),
    "HEAD and close": Framed(OK + LENGTH + CLOSE, b"HEAD", 0, False),
    "HEAD in lower case is another method": Framed(OK + LENGTH, b"head", 5, True),
    "204": Framed(b"HTTP/1.1 204 No Content\r\n", b"GET", 0, True),
    "204 with length": Framed(b"HTTP/1.1 204 No Content\r\n" + LENGTH, b"GET", 0, True),
    "204 chunked": Framed(b"HTTP/1.1 204 No Content\r\n" + CODING, b"DELETE", 0, True),
    "304": Framed(b"HTTP/1.1 304 Not Modified\r\n", b"GET", 0, True),
    "304 with length": Framed(b"HTTP/1.1 304 Not Modified\r\n" + LENGTH, b"GET", 0, True),
    "205 with length": Framed(b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n", b"POST", 0, True),
    "205 is no 204": Framed(b"HTTP/1.1 205 Reset\r\n", b"POST", UNTIL_CLOSE, False),
    "100": Framed(b"HTTP/1.1 100 Continue\r\n", b"POST", 0, True),
    "103": Framed(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n", b"GET", 0, True),
    "101": Framed(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n", b"GET", 0, True),
    "999": Framed(b"HTTP/1.1 999 Odd\r\n" + LENGTH, b"GET", 5, True),
}


@pytest.mark.parametrize("case", FRAMED.values(), ids=FRAMED)
def test_it_is_framed(case: Framed) -> None:
    data = case.data + b"\r\n"
    for places in [[], list(range(len(data)))]:
        head = read_in_pieces(data, places, case.method)
        assert head is not None
        assert (head.body_length, head.keep_alive) == (case.length, case.keep_alive)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 200, b"OK"),
        (b"HTTP/1.1 200", 200, b""),
        (b"HTTP/1.1 200 ", 200, b""),
        (b"HTTP/1.0 404 Not Found at all", 404, b"Not Found at all"),
        (b"HTTP/1.1 299  two spaces ", 299, b" two spaces "),
        (b"HTTP/1.1 200 \xc3\xa4\tb", 200, b"\xc3\xa4\tb"),
    ],
)
def test_a_status_line_is_taken_apart(line: bytes, status: int, reason: bytes) -> None:
    head = read(line + b"\r\nContent-Length: 0\r\n\r\n")
    assert head is not None
    assert (head.status, head.reason, head.minor) == (status, reason, line[7] - 48)


def test_a_head_ends_where_it_ends() -> None:
    reader = ResponseReader(1000, FieldLines())
    head = reader.read(OK + LENGTH + b"\r\nhello", b"GET")
    assert head is not None
    assert reader.end == len(OK + LENGTH) + 2
    assert head.wire == LENGTH


def test_the_limit_counts_the_whole_head_in_any_split() -> None:
    data = OK + LENGTH + b"\r\n"
    assert read(data, max_bytes=len(data)) is not None
    with pytest.raises(UpstreamError, match="too large"):
        read(data, max_bytes=len(data) - 1)
    assert read(data[:-1], max_bytes=len(data)) is None
    assert read(OK + b"A: " + b"b" * 200000 + b"\r\n\r\n", max_bytes=0) is not None


def test_a_length_that_no_client_may_believe_is_taken_off_a_204() -> None:
    head = read(b"HTTP/1.1 204 No Content\r\nA: b\r\nContent-Length: 5\r\n\r\n")
    assert head is not None
    assert head.headers.fields == [(b"A", b"b")]


def test_zeros_in_front_of_a_length_are_not_passed_on() -> None:
    head = read(OK + b"content-length: 0010\r\n\r\n")
    assert head is not None
    assert head.headers.fields == [(b"Content-Length", b"10")]


def test_fields_that_connection_names_are_gone() -> None:
    fields = b"a: 1\r\nC: 2\r\nD: 3\r\nVia: 1.1 x\r\nA: 4\r\n"
    said = b"Connection: A, close, b, via\r\nConnection: keep-alive,,c\r\n\r\n"
    head = read(OK + LENGTH + fields + said)
    assert head is not None
    assert [name for name, _ in head.headers] == [
        b"Content-Length", b"D", b"Via", b"Connection", b"Connection",
    ]  # fmt: skip


@given(st.binary(max_size=100))
def test_rubbish_raises_upstream_errors_only(rubbish: bytes) -> None:
    for data in (rubbish, OK + rubbish + b"\r\n\r\n"):
        try:
            if data:
                read(data)
        except UpstreamError:
            pass


# ---- h11 as a second opinion ----

TOKEN = st.from_regex(rb"[xX]-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
VALUE = st.from_regex(rb"(?:[!-~\x80-\xff](?:[ -~\t]{0,20}[!-~])?)?", fullmatch=True)


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A method and one sound answer to it."""
    method = draw(st.sampled_from([b"GET", b"HEAD", b"POST"]))
    status = draw(st.sampled_from([200, 204, 206, 301, 304, 404, 500, 599]))
    reason = draw(st.sampled_from([b"", b" ", b" OK", b" Not Found"]))
    lines = [b"%b: %b" % field for field in draw(st.lists(st.tuples(TOKEN, VALUE), max_size=5))]
    framing = draw(st.sampled_from([b"Content-Length: 5", b"Transfer-Encoding: chunked", b""]))
    if framing and not (status == 204 and framing.startswith(b"C")):
        lines.insert(draw(st.integers(0, len(lines))), framing)
    start = b"HTTP/1.%d %d%b" % (0 if b"chunk" not in framing else 1, status, reason)
    version = draw(st.sampled_from([start, start.replace(b"1.0", b"1.1")]))
    return method, b"\r\n".join([version, *lines, b"", b""])


@given(responses(), st.lists(st.integers(1, 300), max_size=5))
def test_h11_reads_the_same(answer: tuple[bytes, bytes], places: list[int]) -> None:
    method, data = answer
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    theirs = connection.next_event()
    assert isinstance(theirs, h11.Response)
    ours = read_in_pieces(data, places, method)
    assert ours is not None
    assert (ours.status, ours.reason) == (theirs.status_code, bytes(theirs.reason))
    assert b"1.%d" % ours.minor == theirs.http_version
    assert [(n.lower(), v) for n, v in ours.headers] == [
        (bytes(n), bytes(v)) for n, v in theirs.headers
    ]
    # What h11 makes of the next bytes tells how it has framed the body.
    connection.receive_data(b"5\r\nhello\r\n0\r\n\r\n")
    event = connection.next_event()
    body = bytes(event.data) if isinstance(event, h11.Data) else b""
    framed = {0: b"", 5: b"5\r\nhe", CHUNKED: b"hello", UNTIL_CLOSE: b"5\r\nhello\r\n0\r\n\r\n"}
    assert body == framed[ours.body_length]


HEADS = [
    OK + b"Content-Length: 5\r\n\r\n",
    OK + b"Content-Length: 05\r\n\r\n",
    OK + b"Content-Length: 5\r\nConnection: close, X-Hop\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n",
    OK + b"\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
]


def told(head: ResponseHead | None) -> tuple[object, ...]:
    assert head is not None
    fields = head.status, head.reason, head.minor, head.body_length, head.keep_alive
    return (*fields, head.seen, head.wire, list(head.headers), list(head.marks))


@given(
    st.lists(
        st.tuples(st.sampled_from(HEADS), st.sampled_from([b"GET", b"HEAD"]), st.booleans()),
        max_size=8,
    )
)
def test_a_head_is_read_the_same_whatever_the_connection_carried_before(
    answers: list[tuple[bytes, bytes, bool]],
) -> None:
    reader = ResponseReader(131072, FieldLines())
    for data, method, is_changed in answers:
        head = reader.read(data, method)
        assert told(head) == told(read(data, method))
        if is_changed and head is not None:
            head.headers.set(b"Content-Length", b"7")
            head.keep_alive = not head.keep_alive
