"""All cookies together."""

import pytest

from kit.arrivals import connection
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman_persistence.cookie_hash import CookieHash
from pointsman_persistence.memory_table import MemoryTable

PINS = CookieHash(MemoryTable(10, 60.0))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([b"Cookie: a=1; b=2"], [b"Cookie: a=1; b=2"], True),
        ([b"Cookie: a=1; b=2"], [b"Cookie: b=2; a=1"], True),
        ([b"Cookie: a=1; b=2"], [b"cookie: b=2", b"Cookie:a=1"], True),
        ([b'Cookie: a="1"'], [b"Cookie: a=1"], True),
        ([b"Cookie: a=1"], [b"Cookie: a=1", b"A: b"], True),
        ([b"Cookie: a=1"], [b"Cookie: a=2"], False),
        ([b"Cookie: a=1"], [b"Cookie: a=1; b=2"], False),
        ([b"Cookie: a=1; a=1"], [b"Cookie: a=1"], False),
        ([b"Cookie: a=b"], [b"Cookie: b=a"], False),
        ([b"Cookie: a==b"], [b"Cookie: a=b"], False),
    ],
)
def test_who_is_the_same_client(one: list[bytes], other: list[bytes], same: bool) -> None:
    assert (PINS.key(asking(*one)) == PINS.key(asking(*other))) is same


@pytest.mark.parametrize("lines", [[], [b"Cookie:"], [b"Cookie: a"], [b"Cookie: ;;"]])
def test_without_cookies_there_is_no_pin(lines: list[bytes]) -> None:
    assert PINS.key(asking(*lines)) == PINS.key(connection()) == b""


def test_not_in_tcp_mode() -> None:
    assert made("cookie_hash").timeout == 1200.0
    with pytest.raises(Misfit, match="cookie_hash looks at requests"):
        made("cookie_hash", mode="tcp")
