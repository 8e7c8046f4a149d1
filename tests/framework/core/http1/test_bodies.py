"""Bodies: where they end in every split, what is never buffered, which trailers pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.feeding import cut
from pointsman.core.http1.bodies import (
    Body,
    BodyError,
    ChunkedBody,
    LengthBody,
    UntilCloseBody,
    body_of,
    chunk,
    is_costly,
    last_chunk,
)
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, UNTIL_CLOSE

PLACES = st.lists(st.integers(1, 500), max_size=8)


def feed(body: Body, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Feed until the body ends; its payload and what was left."""
    payload = b""
    for number, piece in enumerate(pieces):
        payload += body.feed(piece)
        if body.ended:
            return payload, body.rest + b"".join(pieces[number + 1 :])
    return payload, b""


def test_each_length_has_its_reader() -> None:
    assert isinstance(body_of(5), LengthBody)
    assert isinstance(body_of(CHUNKED), ChunkedBody)
    assert isinstance(body_of(UNTIL_CLOSE), UntilCloseBody)
    assert body_of(0).ended


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=20), PLACES)
def test_a_length_ends_after_so_many_bytes(data: bytes, more: bytes, places: list[int]) -> None:
    assert feed(LengthBody(len(data)), cut(data + more, places)) == (data, more)


def test_a_short_body_has_not_ended() -> None:
    body = LengthBody(6)
    assert body.feed(b"hello") == b"hello"
    assert not body.ended


def test_a_body_until_close_takes_all() -> None:
    body = UntilCloseBody()
    assert body.feed(b"0\r\n\r\n") == b"0\r\n\r\n"
    assert not body.ended


TRAILERS = st.lists(
    st.tuples(
        st.from_regex(rb"[xX]-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,10}", fullmatch=True),
        st.from_regex(rb"(?:[!-~\x80-\xff](?:[ -~\t]{0,10}[!-~])?)?", fullmatch=True),
    ),
    max_size=4,
)


@given(
    st.lists(st.binary(min_size=1, max_size=200), max_size=6),
    TRAILERS.filter(lambda fields: not any(b"forwarded" in n.lower() for n, _ in fields)),
    st.binary(max_size=20),
    PLACES,
)
def test_chunks_come_out_as_they_went_in(
    parts: list[bytes], trailers: list[Field], more: bytes, places: list[int]
) -> None:
    wire = b"".join(map(chunk, parts)) + last_chunk(trailers) + more
    for pieces in [cut(wire, places), cut(wire, range(len(wire)))]:
        body = ChunkedBody()
        assert feed(body, pieces) == (b"".join(parts), more)
        assert body.trailers == trailers


def test_what_is_written_is_plain() -> None:
    assert chunk(b"a" * 26) == b"1a\r\n" + b"a" * 26 + b"\r\n"
    assert last_chunk([]) == b"0\r\n\r\n"
    assert last_chunk([(b"A", b"b"), (b"C", b"")]) == b"0\r\nA: b\r\nC: \r\n\r\n"


@pytest.mark.parametrize(
    "name",
    [
        b"Content-Length",
        b"TRANSFER-ENCODING",
        b"Host",
        b"Connection",
        b"Trailer",
        b"Authorization",
        b"Cookie",
        b"Set-Cookie",
        b"Content-Type",
        b"Cache-Control",
        b"X-Forwarded-For",
        b"x_forwarded_for",
        b"Content_Length",
        b"Forwarded",
    ],
)
def test_one_forbidden_trailer_drops_them_all(name: bytes) -> None:
    body = ChunkedBody()
    body.feed(b"0\r\nX-Sum: 1\r\n%b: 5\r\nX-Other: 2\r\n\r\n" % name)
    assert body.ended
    assert body.trailers == []


def test_trailers_are_without_blanks_around() -> None:
    body = ChunkedBody()
    body.feed(b"0\r\ngrpc-status: \t0 \t\r\nServer-Timing:\r\n\r\nrest")
    assert body.trailers == [(b"grpc-status", b"0"), (b"Server-Timing", b"")]
    assert body.rest == b"rest"


def test_a_huge_chunk_is_passed_on_and_not_kept() -> None:
    body = ChunkedBody()
    assert body.feed(b"40000000;x\r\n") == b""
    piece = b"x" * 65536
    for _ in range(100):
        assert body.feed(piece) is piece
    assert len(body._buffer) == 0


@pytest.mark.parametrize(
    ("start", "more", "most"),
    [
        (b"", b"0", 1025),
        (b"5;", b"a", 1025),
        (b"5\r\nhello\r\n", b"0", 1025),
        (b"0\r\nA: ", b"b", 16500),
        (b"0\r\n", b"A: b\r\n", 16500),
    ],
)
def test_what_never_ends_is_refused_before_it_is_much(start: bytes, more: bytes, most: int) -> None:
    body = ChunkedBody()
    if start:
        body.feed(start)

    def feed_on() -> None:
        for _ in range(20000):
            body.feed(more)
            assert len(body._buffer) <= most

    with pytest.raises(BodyError):
        feed_on()


@given(st.binary(max_size=60), PLACES)
def test_every_split_of_rubbish_comes_to_the_same(rubbish: bytes, places: list[int]) -> None:
    def judged(pieces: list[bytes]) -> object:
        body = ChunkedBody()
        try:
            payload, rest = feed(body, pieces)
        except BodyError:
            return "refused"
        return body.ended, payload, rest, body.trailers

    data = b"3\r\nabc\r\n" + rubbish + b"\r\n0\r\n\r\n"
    assert judged([data]) == judged(cut(data, places)) == judged(cut(data, range(len(data))))


@pytest.mark.parametrize(
    ("data", "payload", "costly"),
    [
        (b"x" * 16384, b"x" * 8191, True),
        (b"x" * 16384, b"x" * 8192, False),
        (b"x" * 16383, b"", False),
        (b"x" * 100_000, b"x" * 99_990, False),
    ],
)
def test_what_is_much_work_for_little_is_known(data: bytes, payload: bytes, costly: bool) -> None:
    assert is_costly(data, payload) == costly
