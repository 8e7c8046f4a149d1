"""Greetings of POP3 servers, good and bad, however they are split."""

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.greeting import GreetingSettings
from pointsman_healthcheck.pop3_check import make


def probe() -> Dialogue:
    return make(GreetingSettings(), Surroundings()).probe(RealServer("a"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"+OK\r\n", "greets with '+OK'"),
        (b"+ok hello <1@a>\r\n", "greets with '+ok hello <1@a>'"),
    ],
)
def test_good_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (True, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"-ERR busy\r\n", "greeting '-ERR busy', expected +OK"),
        (b"+OKAY\r\n", "greeting '+OKAY', expected +OK"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(data=near(b"+OK\r\n", b"+ok hello <1@a>\r\n", b"-ERR busy\r\n", b"+OKAY\r\n"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
