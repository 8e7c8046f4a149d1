"""Greetings of IMAP servers, good and bad, however they are split."""

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.greeting import GreetingSettings
from pointsman_healthcheck.imap_check import make


def probe() -> Dialogue:
    return make(GreetingSettings(), Surroundings()).probe(RealServer("a"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"* OK ready\r\n", "greets with '* OK ready'"),
        (b"* ok [CAPABILITY X]\r\n", "greets with '* ok [CAPABILITY X]'"),
        (b"* PREAUTH hi\r\n", "greets with '* PREAUTH hi'"),
        (b"* OK\r\n", "greets with '* OK'"),
    ],
)
def test_good_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (True, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"* BYE full\r\n", "greeting '* BYE full', expected * OK or * PREAUTH"),
        (b"* OKAY\r\n", "greeting '* OKAY', expected * OK or * PREAUTH"),
        (b"+OK\r\n", "greeting '+OK', expected * OK or * PREAUTH"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(
    data=near(
        b"* OK ready\r\n",
        b"* ok [CAPABILITY X]\r\n",
        b"* PREAUTH hi\r\n",
        b"* OK\r\n",
        b"* BYE full\r\n",
        b"* OKAY\r\n",
        b"+OK\r\n",
    ),
    places=PLACES,
)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
