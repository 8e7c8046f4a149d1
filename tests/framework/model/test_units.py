"""Units: durations and sizes to numbers and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("250ms", 0.25), ("9s", 9.0), ("1.5h", 5400.0), ("1m30s", 90.0), ("2d", 172800.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "9", "s", "9 s", "-9s", "9S", "1,5s", "9s ", "9sec", "\u0669s"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="duration with its unit"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("512B", 512), ("64KiB", 65536), ("1MiB", 2**20), ("2GiB", 2**31), ("10MB", 10**7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "64", "KiB", "64 KiB", "-1B", "1.5MiB", "64kib", "64K", "\u0666B"]
)
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="size with its unit"):
        parse_size(text)


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_back(number: int) -> None:
    assert parse_size(format_size(number)) == number
    assert parse_duration(format_duration(number)) == number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0"), (0.25, "250ms"), (90, "90s"), (1200, "20m"), (7200, "2h"), (1.5, "1500ms")],
)
def test_durations_are_written_short(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0"), (1000, "1000B"), (65536, "64KiB")])
def test_sizes_are_written_short(size: int, text: str) -> None:
    assert format_size(size) == text
