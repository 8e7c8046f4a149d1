"""The control protocol: however the bytes were split, the same requests come of them."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.app.control.lines import (
    LONGEST_REQUEST,
    Lines,
    LineTooLong,
    Request,
    RequestError,
    error_line,
    request_line,
    request_of,
)

LONGEST = 40


def read(parts: list[bytes]) -> list[bytes | str]:
    """Every line that comes of these parts, until one is too long."""
    lines = Lines(LONGEST)
    came: list[bytes | str] = []
    for part in parts:
        lines.feed(part)
        try:
            while (line := lines.next()) is not None:
                came.append(line)
        except LineTooLong:
            return [*came, "too long"]
        assert len(lines) < LONGEST
    return came


def expected(data: bytes) -> list[bytes | str]:
    *whole, rest = data.split(b"\n")
    came: list[bytes | str] = []
    for line in whole:
        if len(line) >= LONGEST:
            return [*came, "too long"]
        came.append(line)
    return [*came, "too long"] if len(rest) >= LONGEST else came


pieces = st.lists(
    st.one_of(st.binary(max_size=60), st.just(b"\n"), st.just(b"x" * (LONGEST - 1) + b"\n")),
    max_size=12,
)


@given(pieces, st.lists(st.integers(0, 400), max_size=20))
def test_any_split_gives_the_same_lines(made: list[bytes], cuts: list[int]) -> None:
    data = b"".join(made)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [data[begin:end] for begin, end in pairwise(places)]
    assert read(parts) == expected(data)
    assert read([data[place : place + 1] for place in range(len(data))]) == expected(data)


names = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(names, st.dictionaries(names, values, max_size=4), st.none() | st.integers() | names)
def test_what_is_written_is_read_again(
    verb: str, arguments: dict[str, Any], number: int | str | None
) -> None:
    request = Request(verb, arguments, number)
    line = request_line(request)
    assert line.count(b"\n") == 1
    assert request_of(line[:-1]) == request


@given(st.binary(max_size=80))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with contextlib.suppress(RequestError):
        request_of(data)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "a request is one JSON object in UTF-8 on a line"),
        (b"\xff", "a request is one JSON object"),
        (b"[" * 30_000, "a request is one JSON object"),
        (b"3", "a request is a JSON object"),
        (b"{}", "a request needs a verb"),
        (b'{"verb": 3}', "a request needs a verb"),
        (b'{"verb": "x", "arguments": []}', "arguments of a request are a JSON object"),
        (b'{"verb": "x", "id": []}', "the id of a request is a number or a text"),
        (b'{"verb": "x", "id": true}', "the id of a request is a number or a text"),
        (b'{"verb": "x", "what": 1}', "a request has no 'what'"),
    ],
)
def test_what_is_no_request_is_told_why(line: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        request_of(line)


def test_the_number_of_a_wrong_request_is_known_where_it_can_be() -> None:
    with pytest.raises(RequestError) as raised:
        request_of(b'{"id": 7}')
    assert raised.value.number == 7


def test_an_error_is_one_line() -> None:
    line = error_line("a", "refused", "two\nlines", problems=[])
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "id": "a",
        "error": {"kind": "refused", "words": "two\nlines", "problems": []},
    }


def test_the_bound_is_one_that_names_fit_into() -> None:
    names = [f"a pool of some length/server-{number}" for number in range(1000)]
    assert len(request_line(Request("server_state", {"servers": names}))) < LONGEST_REQUEST
