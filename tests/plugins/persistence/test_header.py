"""The value of a header."""

from typing import Any

import pytest
from pydantic import ValidationError

from kit.arrivals import connection
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman_persistence.header import Header, HeaderSettings
from pointsman_persistence.memory_table import MemoryTable


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ([b"X-Tenant: one"], b"one"),
        ([b"x-tenant:  one "], b"one"),
        ([b"X-Tenant: one", b"X-Tenant: two"], b"one"),
        ([b"X-Tenant: One"], b"One"),
        ([b"X-Tenant:"], b""),
        ([b"X-Tenants: one"], b""),
        ([], b""),
        ([b"X-Tenant: \xff\xfe"], b"\xff\xfe"),
    ],
)
def test_the_key(lines: list[bytes], key: bytes) -> None:
    assert Header(MemoryTable(10, 60.0), b"X-Tenant").key(asking(*lines)) == key


def test_a_long_value_and_none_at_all() -> None:
    pins = Header(MemoryTable(10, 60.0), b"X-Tenant")
    assert len(pins.key(asking(b"X-Tenant: " + b"x" * 8000))) == 32
    assert pins.key(connection()) == b""


def test_not_in_tcp_mode() -> None:
    assert made("header", header="X-Tenant").find(asking(b"X-Tenant: a"), 0.0) is None
    with pytest.raises(Misfit, match="header looks at requests"):
        made("header", mode="tcp", header="X-Tenant")


@pytest.mark.parametrize("options", [{}, {"header": ""}, {"header": "a b"}, {"header": "a:"}])
def test_settings_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HeaderSettings.model_validate(options)
