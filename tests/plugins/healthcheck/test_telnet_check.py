"""Greetings of telnet servers, good and bad, however they are split."""

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.greeting import GreetingSettings
from pointsman_healthcheck.telnet_check import make


def probe() -> Dialogue:
    return make(GreetingSettings(), Surroundings()).probe(RealServer("a"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\xff\xfd\x18", "the server says something"),
        (b"login: ", "the server says something"),
    ],
)
def test_good_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (True, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "closed without an answer"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(data=near(b"\xff\xfd\x18", b"login: "), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
