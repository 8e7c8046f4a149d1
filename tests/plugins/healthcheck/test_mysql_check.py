"""MySQL: what a greeting looks like, and a login if it is wanted."""

from __future__ import annotations

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.mysql_check import MysqlSettings, make


def probe(user: str = "") -> Dialogue:
    return make(MysqlSettings(user=user), Surroundings()).probe(RealServer("a"))


def packet(body: bytes, number: int = 0) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def error(number: int, words: bytes, at: int = 0) -> bytes:
    return packet(b"\xff" + number.to_bytes(2, "little") + words, at)


GREETING = packet(b"\x0a8.0.36\0" + bytes(8) + b"12345678\0" + bytes(30))


def test_a_greeting_is_enough() -> None:
    verdict, sent = talk(probe(), [GREETING])
    assert (verdict.up, verdict.reason, sent) == (True, "greets as '8.0.36'", b"")


@pytest.mark.parametrize(
    ("answer", "up", "reason"),
    [
        (packet(b"\0\0\0\x02\0\0\0", 2), True, "greets as '8.0.36', lets us in"),
        (
            packet(b"\xfecaching_sha2_password\0", 2),
            True,
            "greets as '8.0.36', asks for a password",
        ),
        (error(1045, b"#28000denied", 2), True, "greets as '8.0.36', asks for a password"),
        (error(1040, b"too many", 2), False, "it refuses us: 1040 'too many'"),
        (packet(b"\x17", 2), False, r"it answers a login with '\x17'"),
        (b"\0\0\0\0", False, r"it answers a login with '?\x00\x00\x00\x00'"),
    ],
)
def test_a_login(answer: bytes, up: bool, reason: str) -> None:
    assert judged(probe("lb"), GREETING, answer) == (up, reason)
    _, sent = talk(probe("lb"), [GREETING, answer])
    assert sent[3:4] == b"\x01"
    assert b"lb\0\0mysql_native_password\0" in sent
    assert int.from_bytes(sent[:3], "little") + 4 == len(sent.removesuffix(b"\1\0\0\0\1"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (error(1129, b"Host is blocked"), "it refuses us: 1129 'Host is blocked'"),
        (error(1040, b"Too many"), "it refuses us: 1040 'Too many'"),
        (packet(b"\x09old"), r"not MySQL: '\told'"),
        (b"HTTP/1.1 400 Bad Request", "not MySQL: '?HTTP'"),
        (GREETING[:20], "closed too early, after " + repr(GREETING[:20])[1:]),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    assert judged(probe(), said) == (False, reason)


@given(data=near(GREETING + packet(b"\0", 2), GREETING + error(1045, b"no", 2)), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
    same_however_split(lambda: probe("lb"), data, places)
