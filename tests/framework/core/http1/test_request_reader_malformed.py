"""Every malformed or odd request of the table, whole and in pieces, and any byte changed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.feeding import cut, feed
from kit.malformed import MALFORMED, Case
from kit.odd_requests import ODD

CASES = [*MALFORMED, *ODD]

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 9112 sections 2 to 5, written down once more without regard to speed or meaning.
GRAMMAR = re.compile(
    rb"(?:\r\n)?%b [\x21\x22\x24-\x7e]+ HTTP/1\.[01]\r\n(?:%b:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n"
    % (TOKEN, TOKEN)
)


def by_name(case: Case) -> str:
    return case.name


def test_the_table_is_what_it_promises_to_be() -> None:
    assert len(MALFORMED) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_it_is_judged_as_the_table_says(case: Case) -> None:
    outcome = feed([case.raw])
    assert (outcome.status, outcome.reached) == (case.status, case.reaches)


@pytest.mark.parametrize("case", [case for case in CASES if len(case.raw) < 600], ids=by_name)
def test_it_is_judged_the_same_in_single_bytes_and_at_every_cut(case: Case) -> None:
    size = len(case.raw)
    for places in [range(size), *([place] for place in range(1, size))]:
        outcome = feed(cut(case.raw, places))
        assert (outcome.status, outcome.reached) == (case.status, case.reaches), places


@given(st.sampled_from(CASES), st.lists(st.integers(1, 70000), max_size=6))
def test_it_is_judged_the_same_in_any_pieces(case: Case, places: list[int]) -> None:
    outcome = feed(cut(case.raw, places))
    assert (outcome.status, outcome.reached) == (case.status, case.reaches)


def changed(sound: bytes) -> list[bytes]:
    strings = [bytes((octet,)) for octet in range(256)] + [
        b"",
        b"\r\n",
        b"\n\n",
        b"\r\n ",
        b"\n\r\n",
    ]
    return [
        sound[:place] + string + sound[place + taken :]
        for place in range(len(sound) + 1)
        for string in strings
        for taken in (0, 1)
    ]


def test_no_changed_byte_passes_what_the_grammar_does_not_know() -> None:
    for raw in changed(b"GET /a?b HTTP/1.1\r\nHost: h\r\nAb: c d\r\n\r\n"):
        outcome = feed([raw])
        if outcome.complete:
            assert GRAMMAR.match(raw), raw
            assert GRAMMAR.fullmatch(outcome.complete[0].sent), raw


def test_no_changed_byte_of_a_length_changes_the_framing_in_silence() -> None:
    sound = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n"
    for raw in changed(sound):
        for request in feed([raw + b"hello hello"]).complete:
            said = re.findall(rb"(?im)^content-length: (\d+)\r\n", request.sent)
            assert [int(number) for number in said] in ([len(request.body)], []), raw
            assert said or not request.body, raw


@given(st.binary(max_size=200))
def test_rubbish_never_raises_anything_else(data: bytes) -> None:
    feed([data] if data else [])
    feed([b"GET / HTTP/1.1\r\nHost: a\r\n" + data + b"\r\n\r\n"])
    feed([b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + data])
