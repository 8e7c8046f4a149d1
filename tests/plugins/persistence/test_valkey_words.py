"""Tests of what is said to the server and understood of it; the table's tests run the scripts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_persistence.valkey_words import Told, command, heard, pattern, told


def test_a_command_is_a_list_of_words_of_known_length() -> None:
    assert (
        command(b"SET", b"k\r\n\x00", 12) == b"*3\r\n$3\r\nSET\r\n$4\r\nk\r\n\x00\r\n$2\r\n12\r\n"
    )


def test_a_pattern_takes_what_begins_so_and_nothing_as_special() -> None:
    assert pattern(b"pointsman:web:") == b"pointsman:web:*"
    assert pattern(b"a*b?[c]\\") == b"a\\*b\\?\\[c\\]\\\\*"


@given(
    st.binary(max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_what_a_script_tells_is_understood(key: bytes, member: str, age: int, left: int) -> None:
    name = member.encode()
    payload = b"ab12 %d %d %d %b%b" % (age, left, len(name), name, key)
    assert heard(payload) == (b"ab12", Told(member, age / 1000, left / 1000), key)


@pytest.mark.parametrize(
    "payload", [b"", b"hello", b"a b c d e", b"x 1 1 one rest", b"x 1 1", b"x 1 1 1 \xff"]
)
def test_what_is_told_by_strangers_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=re.compile(".")):
        heard(payload)


def test_times_are_seconds_here_and_milliseconds_there() -> None:
    assert told(b"a", b"1500", 250) == Told("a", 1.5, 0.25)
