"""Credentials, and what they are used with."""

import pytest

from kit.arrivals import connection
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman_persistence.authorization import Authorization
from pointsman_persistence.memory_table import MemoryTable

ANN, BOB = b"Authorization: Basic YW5uOng=", b"authorization: Basic Ym9iOng="
FOX, CAT = b"User-Agent: Fox/1", b"User-Agent: Cat/2"
NTLM = b"Authorization: NTLM TlRMTVNTUAAB"
NEGOTIATE = b"Authorization: negotiate YIIab"


def key(*lines: bytes, user_agent: bool = True, anonymous: bool = False) -> bytes:
    return Authorization(MemoryTable(10, 60.0), user_agent, anonymous).key(asking(*lines))


def test_credentials_and_program_make_a_client() -> None:
    assert key(ANN, FOX) == key(FOX, ANN, b"A: b") != b""
    assert len({key(ANN, FOX), key(BOB, FOX), key(ANN, CAT), key(ANN)}) == 4
    assert key(ANN, FOX, user_agent=False) == key(ANN, CAT, user_agent=False)


def test_without_credentials_there_is_no_pin_unless_it_is_wanted() -> None:
    assert key() == key(FOX) == b""
    assert key(FOX, anonymous=True) == key(FOX, anonymous=True, user_agent=False) != b""
    assert key(anonymous=True) == b""


@pytest.mark.parametrize("line", [NTLM, NEGOTIATE])
def test_what_changes_with_each_message_tells_nothing(line: bytes) -> None:
    assert key(line, FOX) == b""
    assert key(line, FOX, anonymous=True) == key(FOX, anonymous=True)


def test_the_credentials_are_not_in_the_key() -> None:
    assert b"YW5u" not in key(ANN)
    assert len(key(b"Authorization: Bearer " + b"x" * 8000)) == 16


def test_not_in_tcp_mode() -> None:
    assert made("authorization", anonymous=True).find(asking(FOX), 0.0) is None
    assert Authorization(MemoryTable(10, 60.0)).key(connection()) == b""
    with pytest.raises(Misfit, match="authorization looks at requests"):
        made("authorization", mode="tcp")
