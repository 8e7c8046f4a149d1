"""Greetings of FTP servers, good and bad, however they are split."""

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.ftp_check import make
from pointsman_healthcheck.greeting import GreetingSettings


def probe() -> Dialogue:
    return make(GreetingSettings(), Surroundings()).probe(RealServer("a"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"220 ready\r\n", "greets with '220 ready'"),
        (b"220-a\r\nb\r\n220 c\r\n", "greets with '220 c'"),
        (b"120 soon\r\n220 now\r\n", "greets with '220 now'"),
    ],
)
def test_good_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (True, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"421 too many\r\n", "greeting '421 too many', expected 220"),
        (b"SSH-2.0\r\n", "not FTP: 'SSH-2.0'"),
        (b"120 soon\r\n", "closed too early, after '120 soon\\r\\n'"),
        (b"", "closed without an answer"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(
    data=near(
        b"220 ready\r\n",
        b"220-a\r\nb\r\n220 c\r\n",
        b"120 soon\r\n220 now\r\n",
        b"421 too many\r\n",
        b"SSH-2.0\r\n",
        b"120 soon\r\n",
    ),
    places=PLACES,
)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
