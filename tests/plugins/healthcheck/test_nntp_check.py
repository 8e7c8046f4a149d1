"""Greetings of NNTP servers, good and bad, however they are split."""

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.greeting import GreetingSettings
from pointsman_healthcheck.nntp_check import make


def probe() -> Dialogue:
    return make(GreetingSettings(), Surroundings()).probe(RealServer("a"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"200 posting\r\n", "greets with '200 posting'"),
        (b"201 no posting\r\n", "greets with '201 no posting'"),
    ],
)
def test_good_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (True, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"400 full\r\n", "greeting '400 full', expected 200 or 201"),
        (b"502 go away\r\n", "greeting '502 go away', expected 200 or 201"),
        (b"hello\n", "not NNTP: 'hello'"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(
    data=near(
        b"200 posting\r\n", b"201 no posting\r\n", b"400 full\r\n", b"502 go away\r\n", b"hello\n"
    ),
    places=PLACES,
)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
