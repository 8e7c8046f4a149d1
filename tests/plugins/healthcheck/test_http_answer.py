"""One answer, read from bytes that are split anyhow."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_healthcheck.http_answer import HEAD_LIMIT, Answer, NotAnAnswer


class Case(NamedTuple):
    raw: bytes
    status: int
    body: bytes = b""
    whole: bool = True


OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

ANSWERS = [
    Case(OK + b"Content-Length: 5\r\n\r\nhello and more", 200, b"hello"),
    Case(OK + b"content-length : 0\r\n\r\n", 200),
    Case(OK + b"Content-Length: 9\r\n\r\nhello", 200, b"hello", whole=False),
    Case(OK + b"Content-Length: 99\r\n\r\n" + b"x" * 99, 200, b"x" * 20),
    Case(OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc"),
    Case(OK + b"\r\nuntil close", 200, b"until close", whole=False),
    Case(OK + b"Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc", 200, b"abc", whole=False),
    Case(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n", 200, b"abcde"),
    Case(CHUNKED + b"3\nabc\n0\n\n", 200, b"abc"),
    Case(CHUNKED + b"FF\r\n" + b"y" * 30, 200, b"y" * 20),
    Case(CHUNKED + b"3\r\nab", 200, b"ab", whole=False),
    Case(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n", 200, b"z"),
    Case(b"HTTP/1.0 404\n\n", 404, whole=False),
    Case(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204),
    Case(b"HTTP/1.1 304 \r\n\r\nhello", 304),
    Case(
        b"HTTP/1.1 100 -\r\n\r\nHTTP/1.1 103 -\r\nLink: x\r\n\r\n" + OK + b"\r\n",
        200,
        whole=False,
    ),
    Case(b"HTTP/1.1 101 Switching\r\n\r\n\x00\x01", 101),
    Case(b"HTTP/1.1 503 " + b"long reason " * 20 + b"\r\nContent-Length: 0\r\n\r\n", 503),
    Case(b"HTTP/1.1 500 unfinished head\r\nServer: x", 0, whole=False),
]
FAULTS = [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP answer: b'SSH-2.0-OpenSSH_9.2'"),
    (b"\x16\x03\x01" + b"\x00" * 80, r"not an HTTP answer: b'\x16\x03\x01"),
    (b"HTTP/2.0 200 OK\r\n", "not an HTTP answer: b'HTTP/2.0 200 OK'"),
    (b"HTTP/1.1 2000 OK\r\n", "not an HTTP answer"),
    (b"\r\n", "not an HTTP answer: b''"),
    (OK + b"Content-Length: -1\r\n\r\n", "broken Content-Length b'-1'"),
    (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "broken Content-Length b'2'"),
    (CHUNKED + b"0x3\r\nabc", "broken chunk size b'0x3'"),
    (CHUNKED + b"3\r\nabcd\r\n", "a chunk is longer than it said"),
    (CHUNKED + b"3;" + b"x" * 5000, "a chunk size line without an end"),
]


def read(pieces: list[bytes]) -> Answer:
    answer = Answer(wanted=20, bodiless=False)
    for piece in pieces:
        answer.feed(piece)
    return answer


def state(answer: Answer) -> tuple[int, bytes, bool, bool]:
    return answer.status, answer.body, answer.whole, answer.until_close


def fault(pieces: list[bytes]) -> str:
    with pytest.raises(NotAnAnswer) as caught:
        read(pieces)
    return str(caught.value)


@st.composite
def split(draw: st.DrawFn, raw: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    return [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_is_read_at_once_and_byte_by_byte(case: Case) -> None:
    answer = read([case.raw])
    assert (answer.status, answer.body) == (case.status, case.body)
    if case.whole or answer.status == 0:
        assert answer.whole == case.whole
    assert state(answer) == state(read([bytes([byte]) for byte in case.raw]))


@given(data=st.data(), case=st.sampled_from(ANSWERS))
def test_any_split_reads_the_same(data: st.DataObject, case: Case) -> None:
    assert state(read(data.draw(split(case.raw)))) == state(read([case.raw]))


@given(data=st.data(), raw_and_words=st.sampled_from(FAULTS))
def test_any_split_finds_the_same_fault(
    data: st.DataObject, raw_and_words: tuple[bytes, str]
) -> None:
    raw, words = raw_and_words
    assert words in fault([raw])
    assert fault(data.draw(split(raw))) == fault([raw])
    assert fault([bytes([byte]) for byte in raw]) == fault([raw])


@given(data=st.data(), raw=st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused_the_same_way(data: st.DataObject, raw: bytes) -> None:
    raw = data.draw(st.sampled_from([b"", OK, CHUNKED])) + raw

    def outcome(pieces: list[bytes]) -> object:
        try:
            return state(read(pieces))
        except NotAnAnswer as error:
            return str(error)

    assert outcome(data.draw(split(raw))) == outcome([raw])


def test_a_head_is_bounded_with_all_its_interim_heads() -> None:
    assert "larger than 64 KiB" in fault([OK + b"X: " + b"x" * HEAD_LIMIT])
    assert "larger than 64 KiB" in fault([OK, *[b"X: y\r\n"] * (HEAD_LIMIT // 6)])
    assert "larger than 64 KiB" in fault([b"HTTP/1.1 103 -\r\n\r\n"] * (HEAD_LIMIT // 18 + 1))
    assert read([OK + b"X: " + b"x" * (HEAD_LIMIT - 40) + b"\r\n\r\n"]).status == 200


def test_a_head_request_is_answered_without_a_body() -> None:
    answer = Answer(wanted=20, bodiless=True)
    answer.feed(OK + b"Content-Length: 5\r\n\r\n")
    assert answer.whole


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "closed without an answer"),
        (b"hello", "not an HTTP answer: b'hello'"),
        (OK, "closed in the middle of the head of a 200 answer"),
        (OK + b"Content-Length: 9\r\n\r\nabc", "closed after 3 bytes of an unfinished body"),
    ],
)
def test_an_early_end_is_said_in_words(raw: bytes, words: str) -> None:
    assert read([raw]).cut_short() == words
