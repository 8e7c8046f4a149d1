"""What values say to their server, and understand of it."""

from math import inf

import pytest

from pointsman_persistence.valkey_value_words import (
    ToldValue,
    arguments,
    heard_value,
    told_value,
)
from pointsman_persistence.value_changes import DROP, SET, Held, ValueChange, counting


def test_changes_as_arguments() -> None:
    assert arguments(ValueChange(SET, Held("x", 12.0)), 2.0) == (
        b"set", b"sx", 10000, b"0", b"0", b"", 0, b"0",
    )  # fmt: skip
    assert arguments(ValueChange(DROP), 2.0)[:3] == (b"drop", b"", 0)
    assert arguments(counting(1, -inf, inf, False), 2.0) == (
        b"", b"", 0, b"1", b"1", b"", -1, b"0",
    )  # fmt: skip
    assert arguments(counting(0.5, 7.0, 2.0, True), 2.0)[3:] == (b"1", b"0.5", b"7.5", 1, b"1")


def test_what_is_heard() -> None:
    assert told_value(b"i5", -1) == ToldValue(5, inf)
    assert told_value(b"", 0) == ToldValue(None, 0.0)
    assert heard_value(b"me 1500 2 i5k 1 2") == (b"me", ToldValue(5, 1.5), b"k 1 2")
    for nonsense in (b"", b"me x 2 i5k", b"me 5 2 ?!k"):
        with pytest.raises(ValueError, match=r"."):
            heard_value(nonsense)
