"""The value of a query parameter."""

from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.arrivals import connection
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman_persistence.keyed import short
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.query import Query, QuerySettings


def key(target: bytes, parameter: bytes = b"user") -> bytes:
    return Query(MemoryTable(10, 60.0), parameter).key(asking(target=target))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/?user=ann", b"ann"),
        (b"/?a=1&user=ann&b=2", b"ann"),
        (b"/?b=2&user=ann", b"ann"),
        (b"/?u%73er=a%6En", b"ann"),
        (b"/?user=a+b", b"a b"),
        (b"/?user=a%20b", b"a b"),
        (b"/?user=a%2Bb", b"a+b"),
        (b"/?user=ann&user=bob", b"ann"),
        (b"/?user=a=b", b"a=b"),
        (b"/?user=ann#part", b"ann"),
        (b"http://h/?user=ann", b"ann"),
        (b"/?user=%zz%", b"%zz%"),
        (b"/?user=%00%ff", b"\x00\xff"),
        (b"/?user=", b""),
        (b"/?user", b""),
        (b"/?User=ann", b""),
        (b"/?xuser=ann", b""),
        (b"/user=ann", b""),
        (b"/?", b""),
        (b"/", b""),
        (b"/?&&=&", b""),
        (b"*", b""),
    ],
)
def test_the_key(target: bytes, expected: bytes) -> None:
    assert key(target) == expected


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=8))
def test_encoding_does_not_matter(value: str, name: str) -> None:
    wanted = short(value.encode())
    for how in (quote, quote_plus):
        target = f"/?a=b&{how(name, safe='')}x=1&{how(name, safe='')}={how(value, safe='')}"
        assert key(target.encode(), name.encode()) == wanted


def test_not_in_tcp_mode() -> None:
    assert made("query", parameter="user").find(asking(), 0.0) is None
    assert Query(MemoryTable(10, 60.0), b"user").key(connection()) == b""
    with pytest.raises(Misfit, match="query looks at requests"):
        made("query", mode="tcp", parameter="user")


@pytest.mark.parametrize("options", [{}, {"parameter": ""}])
def test_settings_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QuerySettings.model_validate(options)
