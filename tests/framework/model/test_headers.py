"""Fields in order, found without regard to case, and nothing in them that could end a head."""

import pytest

from pointsman.model.headers import Headers

WIRE = b"A: 1\r\nb:2\r\na: \t3 \r\nC:\r\n"


def test_they_are_read_as_they_came() -> None:
    headers = Headers.read(WIRE)
    assert headers.fields == [(b"A", b"1"), (b"b", b"2"), (b"a", b"3"), (b"C", b"")]
    assert headers.unchanged
    assert Headers.read(b"").fields == []


def test_they_are_found_in_any_case() -> None:
    headers = Headers.read(WIRE)
    assert headers.get(b"a") == headers.get(b"A") == b"1"
    assert headers.get_all(b"A") == [b"1", b"3"]
    assert headers.get(b"c") == b""
    assert headers.get(b"d") is None
    assert headers.get(b"d", b"x") == b"x"
    assert headers.get_all(b"d") == []
    assert b"C" in headers
    assert b"d" not in headers
    assert len(headers) == len(list(headers)) == 4


def test_add_appends() -> None:
    headers = Headers.read(WIRE)
    headers.add(b"A", b"4")
    assert headers.get_all(b"a") == [b"1", b"3", b"4"]
    assert not headers.unchanged


def test_set_replaces_all_at_the_place_of_the_first() -> None:
    headers = Headers.read(WIRE)
    headers.set(b"a", b"9")
    headers.set(b"D", b"8")
    assert headers.fields == [(b"a", b"9"), (b"b", b"2"), (b"C", b""), (b"D", b"8")]
    assert not headers.unchanged


def test_remove_drops_all_of_that_name() -> None:
    headers = Headers.read(WIRE)
    headers.remove(b"a")
    headers.remove(b"none")
    assert headers.fields == [(b"b", b"2"), (b"C", b"")]
    assert not headers.unchanged


def test_all_of_several_names_are_dropped_at_once() -> None:
    headers = Headers.read(b"A: 1\r\nb: 2\r\na: 3\r\n")
    headers.remove_all({b"c"})
    assert headers.unchanged
    headers.remove_all({b"a", b"c"})
    assert not headers.unchanged
    assert headers.fields == [(b"b", b"2")]


def test_a_copy_is_on_its_own() -> None:
    headers = Headers.read(WIRE)
    copy = headers.copy()
    assert copy == headers
    copy.remove(b"a")
    assert copy != headers
    assert headers.unchanged
    assert headers != WIRE


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0", b"\r\nX: y"])
def test_no_value_ends_its_line(bad: bytes) -> None:
    headers = Headers.read(WIRE)
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        headers.add(b"A", b"x" + bad)
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        headers.set(b"A", bad + b"x")
    assert headers.unchanged


@pytest.mark.parametrize(
    "name", [b"", b" ", b"A ", b"A:", b"\tA", b"A\r\nB", b"A\0", b"A(", b"\xe4"]
)
def test_a_name_is_a_token(name: bytes) -> None:
    headers = Headers()
    with pytest.raises(ValueError, match="not a token"):
        headers.add(name, b"x")
    with pytest.raises(ValueError, match="not a token"):
        headers.set(name, b"x")
    assert headers.fields == []


def test_a_repr_tells_no_values() -> None:
    assert repr(Headers([(b"Cookie", b"secret")])) == "Headers(['Cookie'])"
