"""Bytes to send and to expect: text, hexadecimal and patterns, in one turn and in several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import Misfit, OverDatagrams, Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.send_expect_check import (
    SendExpectCheck,
    SendExpectProbe,
    SendExpectSettings,
    make,
)

SERVER = RealServer("a")


def check(**keys: Any) -> SendExpectCheck:
    return make(SendExpectSettings.model_validate(keys), Surroundings())


def probe(**keys: Any) -> SendExpectProbe:
    return check(**keys).probe(SERVER)


def test_text_is_sent_and_expected() -> None:
    verdict, sent = talk(probe(send="stats\r\n", expect="STAT pid"), [b"STAT", b" pid 1\r\n"])
    assert (verdict.up, verdict.reason, sent) == (True, "'STAT pid' came", b"stats\r\n")


def test_hexadecimal_is_sent_and_expected() -> None:
    keys = {"send_hex": "00 01:FF", "expect_hex": "DEad"}
    verdict, sent = talk(probe(**keys), [b"..\xde", b"\xad"])
    assert (verdict.up, verdict.reason, sent) == (True, r"'\xde\xad' came", b"\0\1\xff")


def test_a_pattern_is_expected() -> None:
    assert judged(probe(match="^OK [0-9]+"), b"OK 1") == (True, "/^OK [0-9]+/ came")
    assert judged(probe(match="^OK [0-9]+"), b"NO 1") == (
        False,
        "closed, and /^OK [0-9]+/ is not in what came: 'NO 1'",
    )


def test_anything_may_be_expected() -> None:
    assert judged(probe(), b"x") == (True, "anything came")
    assert judged(probe()) == (False, "closed before anything came")


def test_it_must_come_within_so_many_bytes() -> None:
    keys = {"expect": "ok", "within": 4}
    assert judged(probe(**keys), b"..ok") == (True, "'ok' came")
    assert judged(probe(**keys), b"...ok") == (False, "'ok' is not in what came: '...o'")
    assert judged(probe(**keys), b"..", b"..", b"ok") == (
        False,
        "'ok' is not in what came: '....'",
    )


TURNS = {
    "expect": "login: ",
    "then": [{"send": "me\n", "expect": "password: "}, {"send_hex": "780a", "expect": "welcome"}],
}


def test_several_turns() -> None:
    verdict, sent = talk(probe(**TURNS), [b"login: ", b"password: ", b"welcome"])
    assert (verdict.up, verdict.reason, sent) == (True, "'welcome' came", b"me\nx\n")
    # What comes before it was asked for is not lost.
    verdict, sent = talk(probe(**TURNS), [b"login: password: welcome"])
    assert (verdict.up, sent) == (True, b"me\nx\n")
    verdict, sent = talk(probe(**TURNS), [b"login: ", b"who?"])
    assert (verdict.up, sent) == (False, b"me\n")
    assert verdict.reason == "closed, and 'password: ' is not in what came: 'who?'"
    assert check(**TURNS).describes == "listen, expect 'login: ', and 2 more"


@given(data=near(b"login: password: welcome"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(lambda: probe(**TURNS), data, places)
    same_however_split(lambda: probe(expect="word", within=9), data, places)
    same_however_split(lambda: probe(match="wel"), data, places)


@given(expect=st.text(min_size=1, max_size=5), before=st.text(max_size=20))
def test_text_is_never_taken_for_a_pattern(expect: str, before: str) -> None:
    said = before.encode("utf-8", "ignore") + expect.encode("utf-8", "ignore")
    if said:
        keys = {"send_hex": "", "expect_hex": said.hex()}
        assert judged(probe(**keys), said)[0]


def test_by_udp() -> None:
    made = check(protocol="udp", send_hex="00", expect_hex="01")
    assert made.over(SERVER) == OverDatagrams()
    assert made.describes == r"send '\x00', expect '\x01' by UDP"
    assert check(send="x").over(SERVER) is None


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"send": "a", "send_hex": "00"}, "`send` and `send_hex` exclude each other"),
        ({"expect": "a", "match": "b"}, "`expect` and `match` exclude each other"),
        ({"send_hex": "0"}, "expected pairs of hexadecimal digits, like 0d0a, got '0'"),
        ({"expect_hex": "xy"}, "expected pairs of hexadecimal digits"),
        ({"match": "("}, "not a regular expression"),
        ({"within": 0}, "greater than or equal to 1"),
        ({"then": [{"send": "a", "send_hex": "00"}]}, "exclude each other"),
    ],
)
def test_what_cannot_be_meant(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        SendExpectSettings.model_validate(keys)


@pytest.mark.parametrize(
    ("keys", "words", "at"),
    [
        ({"protocol": "udp", "send": "x", "tls": True}, "there is no TLS over UDP here", ("tls",)),
        ({"protocol": "udp"}, "a server is not asked by UDP", ("protocol",)),
        ({"send": "x", "then": [{"send": "y"}]}, "must expect something", ()),
        (
            {"expect": "x", "then": [{"send": "y"}, {"send": "z"}]},
            "must expect something",
            ("then", 0),
        ),
    ],
)
def test_what_does_not_fit_together(keys: dict[str, Any], words: str, at: tuple[Any, ...]) -> None:
    with pytest.raises(Misfit, match=words) as caught:
        check(**keys)
    assert caught.value.at == at
