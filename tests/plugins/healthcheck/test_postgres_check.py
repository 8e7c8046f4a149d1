"""PostgreSQL: what a startup message looks like, and what its answers mean."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.postgres_check import PostgresSettings, make


def probe(**keys: str) -> Dialogue:
    return make(PostgresSettings.model_validate(keys), Surroundings()).probe(RealServer("a"))


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def error(state: bytes, words: bytes) -> bytes:
    return message(b"E", b"SFATAL\0C" + state + b"\0M" + words + b"\0\0")


ASKS = message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")


def test_the_startup_message() -> None:
    verdict, sent = talk(probe(user="lb", database="d"), [ASKS])
    assert (verdict.up, verdict.reason) == (True, "it asks who we are")
    body = b"user\0lb\0database\0d\0application_name\0pointsman-health\0\0"
    startup = struct.pack("!IHH", len(body) + 8, 3, 0) + body
    assert sent == startup + b"X\0\0\0\x04"


@pytest.mark.parametrize(
    ("said", "up", "reason"),
    [
        (error(b"28000", b"no such role"), True, "it answers 'no such role' (28000)"),
        (error(b"3D000", b"no such database"), True, "it answers 'no such database' (3D000)"),
        (error(b"57P03", b"starting up"), False, "it answers 'starting up' (57P03)"),
        (error(b"53300", b"too many"), False, "it answers 'too many' (53300)"),
        (message(b"E", b"\0"), False, "it answers '' ()"),
        (b"HTTP/1.1 400 Bad", False, "not PostgreSQL: 'HTTP/'"),
        (b"R\xff\xff\xff\xff", False, r"not PostgreSQL: 'R\xff\xff\xff\xff'"),
        (ASKS[:8], False, "closed too early, after " + repr(ASKS[:8])[1:]),
    ],
)
def test_other_answers(said: bytes, up: bool, reason: str) -> None:
    assert judged(probe(), said) == (up, reason)


@given(data=near(ASKS, error(b"57P03", b"starting up"), b"R\0\0\0\x04"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
