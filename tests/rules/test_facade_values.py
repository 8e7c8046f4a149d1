"""Fields, targets, cookies and arguments of heads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead
from pointsman_rules import facade_values as values

WIRE = b"Host: h\r\nX-A:  one \r\nCookie: a=1; b=x=y;c\r\nx-a: two\r\n"


def head(target: bytes = b"/p?a=1&b=%20x&a=2", wire: bytes = WIRE) -> RequestHead:
    return RequestHead(b"GET", target, None, host=b"h", wire=wire)


def test_a_field_is_found_without_taking_the_head_apart() -> None:
    found = head()
    assert values.field(found, "HOST") == "h"
    assert values.field(found, "x-A") == "one"
    assert values.field(found, "X") is None
    assert found.wire == WIRE
    found.headers.set(b"X-A", b"three")
    assert values.field(found, "x-a") == "three"
    assert values.fields(found, "x-a") == ["three"]


NAMES = st.sampled_from([b"a", b"A", b"b", b"ab", b"x-a"])
VALUES = st.binary(max_size=8).filter(lambda b: not {0, 10, 13} & set(b))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), NAMES)
def test_both_ways_to_find_a_field_agree(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    wire = b"".join(b"%b: %b\r\n" % pair for pair in fields)
    found = values.field(head(wire=wire), name.decode())
    value = Headers.read(wire).get(name)
    assert found == (None if value is None else value.decode("latin-1"))


def test_targets_are_changed_in_part() -> None:
    found = head()
    assert values.retarget(found, path="/q") is None
    assert found.target == b"/q?a=1&b=%20x&a=2"
    assert values.retarget(found, query="") is None
    assert found.target == b"/q"
    whole = head(b"http://h/p?x")
    values.retarget(whole, path="/q")
    assert whole.target == b"http://h/q?x"


@pytest.mark.parametrize("path", ["q", "/a b", "/a?b", "/a\r\nb", "/a#b", "/\0"])
def test_a_target_that_is_none_is_refused(path: str) -> None:
    found = head()
    assert values.retarget(found, path=path)
    assert found.target == b"/p?a=1&b=%20x&a=2"


def test_arguments() -> None:
    found = head()
    assert (values.argument(found, "a"), values.argument(found, "b")) == ("1", " x")
    assert values.argument(found, "c") is None
    assert values.arguments(found) == [("a", "1"), ("b", " x"), ("a", "2")]
    values.put_argument(found, "a", "&3")
    assert found.query == b"a=%263&b=%20x"
    values.put_argument(found, "c", "4")
    assert found.query == b"a=%263&b=%20x&c=4"
    values.put_argument(found, "a", None)
    assert found.query == b"b=%20x&c=4"


def test_cookies() -> None:
    found = head()
    assert values.cookie(found, "a") == "1"
    assert values.cookie(found, "b") == "x=y"
    assert values.cookie(found, "c") is None
    assert values.put_cookie(found, "a", "2") is None
    assert found.headers.get(b"cookie") == b"b=x=y; a=2"
    assert values.put_cookie(found, "a b", "2")
    assert values.put_cookie(found, "a", "2; b=3")
    values.put_cookie(found, "a", None)
    values.put_cookie(found, "b", None)
    assert b"cookie" not in found.headers
