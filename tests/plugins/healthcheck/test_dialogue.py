"""Dialogues: lines, exact bytes and replies with a code, however they are split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import Verdict
from pointsman_healthcheck.dialogue import (
    LINE_LIMIT,
    REPLY_LIMIT,
    SOME,
    Dialogue,
    Talk,
    coded_reply,
    exactly,
    line,
    shown,
)


def spoken() -> Talk:
    name = yield from line(b"who\n")
    size = yield from exactly(1, b"how much\n")
    rest = yield from exactly(size[0])
    nothing = yield from exactly(0)
    return Verdict(True, f"{name!r} {rest!r} {nothing!r}", farewell=b"bye\n")


def test_it_says_and_hears_in_turn() -> None:
    verdict, sent = talk(Dialogue(spoken()), [b"me\r\n", b"\x02ab"])
    assert verdict.reason == "b'me' b'ab' b''"
    assert sent == b"who\nhow much\nbye\n"


def test_what_comes_early_is_kept() -> None:
    verdict, sent = talk(Dialogue(spoken()), [b"me\n\x02ab"])
    assert verdict.reason == "b'me' b'ab' b''"
    assert sent == b"who\nhow much\nbye\n"


@given(data=near(b"me\r\n\x05hello", b"\n\x00"), places=PLACES)
def test_any_split_is_the_same(data: bytes, places: list[int]) -> None:
    same_however_split(lambda: Dialogue(spoken()), data, places)


def test_an_early_end_is_told() -> None:
    assert judged(Dialogue(spoken())) == (False, "closed without an answer")
    assert judged(Dialogue(spoken()), b"m", b"e") == (False, "closed too early, after 'me'")


def test_a_line_is_bounded() -> None:
    up, reason = judged(Dialogue(spoken()), b"x" * LINE_LIMIT, b"y")
    assert (up, reason) == (False, f"a line without an end: {'x' * 60!r}")
    assert judged(Dialogue(spoken()), b"x" * LINE_LIMIT + b"\n\x00")[0]


def test_some_is_whatever_comes() -> None:
    def some() -> Talk:
        heard = yield b"", SOME
        return Verdict(True, shown(heard))

    assert judged(Dialogue(some()), b"x") == (True, "'x'")
    assert judged(Dialogue(some())) == (False, "closed without an answer")


def coded() -> Talk:
    code, said = yield from coded_reply(b"hi\r\n")
    return Verdict(code > 0, f"{code} {said.decode('latin-1')}")


def reply(*pieces: bytes) -> tuple[bool, str]:
    return judged(Dialogue(coded()), *pieces)


def test_replies_with_a_code() -> None:
    assert reply(b"220 ready\r\n") == (True, "220 220 ready")
    assert reply(b"220\r\n") == (True, "220 220")
    assert reply(b"220-one\r\n220-two\r\n220 three\r\n") == (True, "220 220 three")
    # Between the first line and the last there may be anything (RFC 959 section 4.2).
    assert reply(b"220-one\r\n 221 two\r\nthree\r\n220 four\r\n") == (True, "220 220 four")
    for wrong in (b"hello\n", b"2200 x\n", b"920 x\n", b"22\n", b"\n", b"220:x\n"):
        assert not reply(wrong)[0]


def test_a_reply_is_bounded() -> None:
    assert not reply(b"220-x\n" * (REPLY_LIMIT + 1))[0]


@given(data=near(b"220-a\r\n220 b\r\n", b"120 x\n"), places=PLACES)
def test_any_split_of_a_reply_is_the_same(data: bytes, places: list[int]) -> None:
    same_however_split(lambda: Dialogue(coded()), data, places)


@given(st.binary(max_size=200))
def test_what_is_shown_is_short_and_printable(data: bytes) -> None:
    assert shown(data).isprintable()
    assert len(shown(data)) <= 60 * 4 + 2
