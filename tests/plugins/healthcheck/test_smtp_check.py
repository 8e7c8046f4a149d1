"""SMTP greetings, and EHLO if it is wanted."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.smtp_check import SmtpSettings, make


def probe(hello: str = "") -> Dialogue:
    return make(SmtpSettings(hello=hello), Surroundings()).probe(RealServer("a"))


def test_a_greeting_is_enough_and_it_says_goodbye() -> None:
    verdict, sent = talk(probe(), [b"220 mx ESMTP\r\n"])
    assert (verdict.up, verdict.reason) == (True, "greets with '220 mx ESMTP'")
    assert sent == b"QUIT\r\n"


def test_ehlo_if_it_is_wanted() -> None:
    verdict, sent = talk(probe("lb.example"), [b"220 mx\r\n", b"250-mx\r\n250 SIZE\r\n"])
    assert (verdict.up, verdict.reason) == (True, "greets with '250 SIZE'")
    assert sent == b"EHLO lb.example\r\nQUIT\r\n"
    assert judged(probe("lb.example"), b"220 mx\r\n", b"550 not you\r\n") == (
        False,
        "answer to EHLO '550 not you', expected 250",
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"554 no service\r\n", "greeting '554 no service', expected 220"),
        (b"421 busy\r\n", "greeting '421 busy', expected 220"),
        (b"HTTP/1.1 400\r\n", "not SMTP: 'HTTP/1.1 400'"),
        (b"220-half\r\n", "closed too early, after '220-half\\r\\n'"),
        (b"", "closed without an answer"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(data=near(b"220-a\r\n220 b\r\n250 c\r\n", b"421 x\r\n"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
    same_however_split(lambda: probe("me"), data, places)


def test_a_name_that_would_be_another_command_is_refused() -> None:
    with pytest.raises(ValidationError):
        SmtpSettings(hello="a\r\nQUIT")


def test_it_is_told_in_a_few_words() -> None:
    assert make(SmtpSettings(), Surroundings()).describes == "SMTP greeting"
    assert make(SmtpSettings(hello="a"), Surroundings()).describes == "SMTP EHLO a"
