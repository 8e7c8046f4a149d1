"""The bits of field names, lookalikes included, and lists of tokens."""

import pytest

from pointsman.core.http1 import fields as f
from pointsman.model.message import RequestHead


def test_every_bit_is_its_own() -> None:
    bits = [*f.BITS.values(), f.LOOKALIKE]
    assert len({*bits}) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)


@pytest.mark.parametrize("name", f.BITS)
def test_a_name_is_known_in_any_case(name: bytes) -> None:
    assert f.bit_of(name) == f.bit_of(name.upper()) == f.bit_of(name.title()) == f.BITS[name] != 0


@pytest.mark.parametrize(
    "name",
    [
        b"X_Forwarded_For",
        b"x_forwarded-proto",
        b"X.Forwarded.Host",
        b"CONTENT_LENGTH",
        b"Transfer~Encoding",
        b"transfer_encoding",
        b"keep_alive",
        b"Proxy!Connection",
    ],
)
def test_a_name_that_looks_like_one_of_ours_is_marked(name: bytes) -> None:
    assert f.bit_of(name) == f.LOOKALIKE


@pytest.mark.parametrize("name", [b"X-Real-IP", b"Cookie", b"X_Custom", b"Hosts", b"-Host", b"_"])
def test_other_names_are_ordinary(name: bytes) -> None:
    assert f.bit_of(name) == 0


def test_folded_is_what_a_program_behind_cgi_sees() -> None:
    assert f.folded(b"X_Forwarded.For~1") == b"x-forwarded-for-1"
    assert f.folded(bytes(range(128, 256))) == b"-" * 128


def test_tokens_of_several_lines() -> None:
    assert f.tokens([b"a, B\t,,c d ", b"", b" , ", b"E"]) == [b"a", b"b", b"c d", b"e"]
    assert f.tokens([]) == []


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ((b"a",), b"Host: h\r\nb: 2\r\nVia: 1.1 c\r\nX_Forwarded_For: d\r\n"),
        ((b"host", b"via", b"x_forwarded_for", b"c"), None),
        ((b"b", b"a"), b"Host: h\r\nVia: 1.1 c\r\nX_Forwarded_For: d\r\n"),
    ],
)
def test_only_ordinary_fields_can_be_named(options: tuple[bytes, ...], left: bytes | None) -> None:
    wire = b"A: 1\r\nHost: h\r\na: 3\r\nb: 2\r\nVia: 1.1 c\r\nX_Forwarded_For: d\r\n"
    head = RequestHead(b"GET", b"/", wire=wire)
    f.drop_named(head, options)
    assert (head.wire is None) == (left is not None)
    assert b"".join(b"%b: %b\r\n" % field for field in head.headers) == (left or wire)
