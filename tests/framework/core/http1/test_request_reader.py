"""Request heads: what each sound one says, limits, and h11 as a second opinion in every split."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.feeding import Complete, Outcome, cut, feed
from pointsman.core.http1.bodies import chunk, last_chunk
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.model.errors import ClientError
from pointsman.model.message import CHUNKED, RequestHead
from pointsman.model.service import Limits

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"


def read(data: bytes, limits: Limits | None = None) -> RequestHead:
    head = RequestReader(limits or Limits(), FieldLines()).read(data)
    assert head is not None
    return head


def test_a_head_is_taken_apart() -> None:
    reader = RequestReader(Limits(), FieldLines())
    data = b"POST /a?b=c HTTP/1.1\r\nHOST: \tA:80 \r\nX: y\r\nContent-Length: 3\r\n\r\nabc"
    head = reader.read(data)
    assert head is not None
    assert (head.method, head.target, head.minor) == (b"POST", b"/a?b=c", 1)
    assert (head.host, head.body_length, head.keep_alive) == (b"A:80", 3, True)
    assert data[reader.end :] == b"abc"
    assert head.headers.fields == [(b"HOST", b"A:80"), (b"X", b"y"), (b"Content-Length", b"3")]
    assert head.wire == b"HOST: \tA:80 \r\nX: y\r\nContent-Length: 3\r\n"


@pytest.mark.parametrize(
    ("line", "fields", "keep_alive"),
    [
        (b"HTTP/1.1", b"", True),
        (b"HTTP/1.1", b"Connection: keep-alive\r\n", True),
        (b"HTTP/1.1", b"Connection: close\r\n", False),
        (b"HTTP/1.1", b"Connection: keep-alive, CLOSE\r\n", False),
        (b"HTTP/1.1", b"Connection: x\r\nConnection: close\r\n", False),
        (b"HTTP/1.1", b"Proxy-Connection: close\r\n", True),
        (b"HTTP/1.0", b"", False),
        (b"HTTP/1.0", b"TE: x\r\n", False),
        (b"HTTP/1.0", b"Content-Length: 0\r\n", False),
        (b"HTTP/1.0", b"Connection: keep-alive\r\n", True),
        (b"HTTP/1.0", b"Connection: Keep-Alive, close\r\n", False),
    ],
)
def test_whether_the_connection_goes_on(line: bytes, fields: bytes, keep_alive: bool) -> None:
    assert read(b"GET / %b\r\nHost: a\r\n%b\r\n" % (line, fields)).keep_alive is keep_alive


def test_only_http_1_1_upgrades_and_expects() -> None:
    fields = (
        b"Host: a\r\nConnection: upgrade\r\nUpgrade: x\r\nUpgrade: y\r\nExpect: 100-continue\r\n"
    )
    head = read(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
    assert (head.upgrade, head.expects_continue) == (b"x, y", True)
    head = read(b"GET / HTTP/1.0\r\n" + fields + b"\r\n")
    assert (head.upgrade, head.expects_continue) == (b"", False)


def test_http_1_0_ignores_expectations_and_may_leave_host_out() -> None:
    head = read(b"GET / HTTP/1.0\r\nExpect: miracles\r\n\r\n")
    assert (head.host, head.expects_continue) == (b"", False)


def status_of(data: bytes, limits: Limits) -> int | None:
    """Judge it whole, byte by byte, and with its end cut off at some places: all the same."""
    statuses = {feed([data], limits).status, feed(cut(data, range(len(data))), limits).status}
    statuses |= {feed([data[:-left], data[-left:]], limits).status for left in (1, 2, 3, 4, 5)}
    assert len(statuses) == 1
    return statuses.pop()


def test_limits_are_exact_in_any_split() -> None:
    line, rest = b"GET /abc HTTP/1.1\r\n", b"Host: a\r\nB: c\r\n\r\n"
    data, size = line + rest, len(line + rest)
    assert status_of(data, Limits(request_line=len(line))) is None
    assert status_of(data, Limits(request_line=len(line) - 1)) == 414
    assert status_of(data, Limits(header_bytes=size)) is None
    assert status_of(data, Limits(header_bytes=size - 1)) == 431
    assert status_of(data, Limits(header_count=2)) is None
    assert status_of(data, Limits(header_count=1)) == 431
    assert status_of(data, Limits(request_line=0, header_bytes=0, header_count=0)) is None


def test_what_can_only_become_wrong_is_refused_before_it_ends() -> None:
    for data, status in [
        (b"GET /" + b"a" * 9000, 414),
        (GET + b"A: " + b"b" * 70000, 431),
        (b"GET / HTTP/1.1\nHost: a\n", 400),
        (GET + b"A: b\n", 400),
        (b"\r\n\r", 400),
    ]:
        with pytest.raises(ClientError) as refusal:
            RequestReader(Limits(), FieldLines()).read(data)
        assert refusal.value.status == status


@pytest.mark.parametrize("data", [b"\r", b"\r\n", b"\r\nG", b"G", GET, GET + b"\r"])
def test_what_may_still_become_right_is_waited_for(data: bytes) -> None:
    assert RequestReader(Limits(), FieldLines()).read(data) is None


def test_heads_do_not_mind_what_came_before_them() -> None:
    reader = RequestReader(Limits(), FieldLines())
    first = reader.read(GET + b"Connection: close, x\r\nContent-Length: 9\r\n\r\n")
    second = reader.read(GET + b"\r\n")
    assert first is not None
    assert second is not None
    assert (second.body_length, second.keep_alive) == (0, True)
    with pytest.raises(ClientError):
        reader.read(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    third = reader.read(GET + b"\r\n")
    assert third is not None
    assert third.host == b"a"


# ---- h11 as a second opinion ----

TOKEN = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
VALUE = st.from_regex(rb"(?:[!-~\x80-\xff](?:[ -~\t]{0,20}[!-~])?)?", fullmatch=True)
OURS = {b"host", b"connection", b"content-length", b"transfer-encoding", b"expect", b"upgrade"}
FIELDS = st.lists(st.tuples(TOKEN, VALUE).filter(lambda f: f[0].lower() not in OURS), max_size=6)
BLANK = st.sampled_from([b"", b" ", b"\t", b" \t "])
PLACES = st.lists(st.integers(1, 2000), max_size=6)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One sound request of ours and h11's common ground."""
    method = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"F-1", b"options"]))
    target = draw(st.from_regex(rb"/[!\"$-~]{0,20}", fullmatch=True))
    lines = [b"%b:%b%b%b" % (n, draw(BLANK), v, draw(BLANK)) for n, v in draw(FIELDS)]
    body = b""
    kind = draw(st.sampled_from(["none", "length", "chunks"]))
    if kind == "length":
        body = draw(st.binary(max_size=100))
        lines.append(b"content-length:%b%d" % (draw(BLANK), len(body)))
    elif kind == "chunks":
        parts = draw(st.lists(st.binary(min_size=1, max_size=50), max_size=4))
        body = b"".join(map(chunk, parts)) + last_chunk([])
        lines.append(b"Transfer-Encoding: chunked")
    lines.insert(draw(st.integers(0, len(lines))), b"Host: a")
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, target), *lines, b"", body])


def by_h11(data: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes, bytes]:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    body = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Data):
            body += event.data
        else:
            break
    assert isinstance(event, h11.EndOfMessage)
    fields = [(bytes(n).lower(), bytes(v)) for n, v in request.headers]
    return bytes(request.method), bytes(request.target), fields, body, connection.trailing_data[0]


def by_us(outcome: Outcome, request: Complete) -> tuple[object, ...]:
    head = request.head
    fields = [(name.lower(), value) for name, value in head.headers]
    return head.method, head.target, fields, request.body, outcome.rest


@given(requests(), PLACES)
def test_h11_reads_the_same(data: bytes, places: list[int]) -> None:
    expected = by_h11(data)
    for pieces in ([data], cut(data, places), cut(data, range(len(data)))):
        outcome = feed(pieces)
        assert outcome.status is None
        assert len(outcome.complete) == 1
        assert by_us(outcome, outcome.complete[0]) == expected


@given(requests())
def test_h11_reads_the_same_from_what_we_pass_on(data: bytes) -> None:
    (request,) = feed([data]).complete
    chunked = request.head.body_length == CHUNKED
    body = request.body
    if chunked:
        body = (chunk(body) if body else b"") + last_chunk([])
    method, target, fields, payload, rest = by_h11(request.sent + body)
    assert (method, target, payload) == (request.head.method, request.head.target, request.body)
    assert rest == b""
    assert fields[-1] == (b"transfer-encoding", b"chunked") or not chunked


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 05\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop, TE\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
]


def told(reader: RequestReader, data: bytes) -> tuple[object, ...]:
    try:
        head = reader.read(data)
    except ClientError as error:
        return (error.status, str(error))
    assert head is not None
    fields = head.method, head.target, head.minor, head.host, head.body_length, head.keep_alive
    return (*fields, head.seen, head.wire, list(head.headers), list(head.marks))


@given(st.lists(st.sampled_from(REQUESTS), max_size=8))
def test_fields_are_judged_the_same_whatever_the_connection_carried_before(
    requests: list[bytes],
) -> None:
    reader = RequestReader(Limits(), FieldLines())
    for data in requests:
        assert told(reader, data) == told(RequestReader(Limits(), FieldLines()), data)
