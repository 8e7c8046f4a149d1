"""Heads: paths and queries of every form of target, and fields taken apart when asked for."""

import pytest

from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead, ResponseHead


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", b"/", b""),
        (b"/a/b?c=d?e", b"/a/b", b"c=d?e"),
        (b"/?u=http://b/c", b"/", b"u=http://b/c"),
        (b"//b/c", b"//b/c", b""),
        (b"*", b"*", b""),
        (b"a:443", b"a:443", b""),
        (b"http://a/b?c", b"/b", b"c"),
        (b"http://a", b"/", b""),
    ],
)
def test_path_and_query(target: bytes, path: bytes, query: bytes) -> None:
    head = RequestHead(b"GET", target)
    assert (head.path, head.query) == (path, query)


def test_a_head_that_was_read_keeps_its_bytes_until_it_is_changed() -> None:
    wire = b"A:  b\r\n"
    for head in (RequestHead(b"GET", b"/", wire=wire), ResponseHead(200, reason=b"OK", wire=wire)):
        assert head.wire is wire
        assert head.headers.get(b"a") == b"b"
        assert head.wire is wire
        head.headers.add(b"C", b"d")
        assert head.wire is None
        assert head.headers.fields == [(b"A", b"b"), (b"C", b"d")]


def test_a_head_that_was_read_shares_nothing_with_another() -> None:
    one, other = (RequestHead(b"GET", b"/") for _ in range(2))
    one.keep_alive = False
    one.headers.add(b"A", b"b")
    assert (other.keep_alive, other.headers.fields) == (True, [])


def test_a_head_of_ours_is_written_from_its_fields() -> None:
    assert RequestHead(b"GET", b"/").wire is None
    assert ResponseHead(200, Headers([(b"A", b"b")])).wire is None


def test_a_repr_tells_no_query() -> None:
    assert repr(RequestHead(b"GET", b"/a?token=x")) == "RequestHead(b'GET', b'/a')"
    assert repr(ResponseHead(404)) == "ResponseHead(404)"


def test_a_copy_is_written_as_the_head_it_was_made_from_and_shares_no_fields() -> None:
    read = RequestHead(b"GET", b"/", wire=b"Host: a\r\n", host=b"a")
    twin = read.copy()
    assert twin.wire == b"Host: a\r\n"
    twin.headers.set(b"Host", b"b")
    assert read.wire == b"Host: a\r\n"
    changed = twin.copy()
    assert changed.wire is None
    changed.headers.remove(b"Host")
    assert twin.headers.get(b"Host") == b"b"


def test_lines_are_taken_in_the_place_of_those_there_are() -> None:
    head = RequestHead(b"GET", b"/", wire=b"A: b\r\n")
    assert head.lines() == b"A: b\r\n"
    head.take_lines(b"A: c\r\n")
    assert (head.wire, head.headers.fields) == (b"A: c\r\n", [(b"A", b"c")])
    head.take_lines(b"A: d\r\n")
    assert (head.wire, head.headers.fields) == (b"A: d\r\n", [(b"A", b"d")])


def test_a_head_whose_fields_were_changed_is_written_from_them_whatever_lines_it_takes() -> None:
    head = RequestHead(b"GET", b"/", wire=b"A: b\r\n")
    head.headers.add(b"C", b"d")
    assert head.lines() == b"A: b\r\nC: d\r\n"
    head.take_lines(b"A: c\r\n")
    assert head.wire is None
    assert head.headers.fields == [(b"A", b"c")]
