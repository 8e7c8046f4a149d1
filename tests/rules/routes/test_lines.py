"""Changes of lines come to the same as those of fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead
from pointsman_rules.routes.lines import adder, remover, setter

NAMES = st.sampled_from([b"a", b"A", b"ab", b"x-a", b"X-Forwarded-For", b"x_forwarded_for"])
VALUES = st.binary(max_size=5).filter(lambda b: not {0, 10, 13} & set(b))
CHANGES = st.tuples(st.sampled_from(["set", "add", "remove"]), NAMES, VALUES)


@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=4), changes=st.lists(CHANGES, max_size=4))
def test_they_do(
    fields: list[tuple[bytes, bytes]], changes: list[tuple[str, bytes, bytes]]
) -> None:
    wire = b"".join(b"%b: %b\r\n" % pair for pair in fields)
    head, expected = RequestHead(b"GET", b"/", wire=wire), Headers.read(wire)
    for change, name, value in changes:
        if change == "remove":
            remover(name)(head)
            expected.remove(name)
        else:
            (setter if change == "set" else adder)(name)(head, value)
            getattr(expected, change)(name, value)
    assert [(name, value.strip(b" \t")) for name, value in head.headers] == [
        (name, value.strip(b" \t")) for name, value in expected
    ]


def test_what_was_not_there_leaves_the_lines_as_they_came() -> None:
    head = RequestHead(b"GET", b"/", wire=b"A: b\r\n")
    remover(b"x")(head)
    setter(b"X")(head, b"1")
    adder(b"Y")(head, b"2")
    assert head.wire == b"A: b\r\nX: 1\r\nY: 2\r\n"


@pytest.mark.parametrize("name", [b"Via", b"X_Forwarded-For", b"Host"])
def test_what_the_codec_keeps_notes_of_is_changed_by_the_head(name: bytes) -> None:
    for change in (setter(name), adder(name)):
        head = RequestHead(b"GET", b"/", wire=b"A: b\r\n")
        change(head, b"c")
        assert head.wire is None


@pytest.mark.parametrize("value", [b"a\r\nb: c", b"\0", b"\n"])
def test_what_would_break_a_message_is_refused(value: bytes) -> None:
    for change in (setter(b"x"), adder(b"x")):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            change(RequestHead(b"GET", b"/", wire=b"A: b\r\n"), value)


def test_what_is_no_name_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="token"):
        setter(b"a b")
