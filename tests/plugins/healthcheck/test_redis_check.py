"""Redis: PING, AUTH and ROLE, however the answers are split."""

from __future__ import annotations

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import CheckWithSecrets, Misfit, Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.redis_check import RedisCheck, RedisSettings, make

PING = b"*1\r\n$4\r\nPING\r\n"
ROLE = b"*1\r\n$4\r\nROLE\r\n"
MASTER = b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
REPLICA = b"*5\r\n$5\r\nslave\r\n$3\r\na.b\r\n:1\r\n$4\r\nsync\r\n:0\r\n"
NO_AUTH = b"-NOAUTH Authentication required.\r\n"


def check(role: str = "any", password: str = "", user: str = "") -> RedisCheck:
    return RedisCheck(None, user, password, role)


def verdict(*said: bytes, role: str = "any", password: str = "") -> tuple[bool, str]:
    return judged(check(role, password).probe(RealServer("a")), *said)


def test_a_ping_is_answered() -> None:
    found, sent = talk(check().probe(RealServer("a")), [b"+PONG\r\n"])
    assert (found.up, found.reason, sent) == (True, "+PONG", PING)


@pytest.mark.parametrize(
    ("said", "up", "reason"),
    [
        (NO_AUTH, True, "it asks for a password: '-NOAUTH Authentication required.'"),
        (b"-LOADING Redis is loading\r\n", False, "it answers '-LOADING Redis is loading'"),
        (b"-MASTERDOWN Link\r\n", False, "it answers '-MASTERDOWN Link'"),
        (b"+OK\r\n", False, "it answers '+OK'"),
        (b"HTTP/1.1 400 Bad\r\n", False, "not Redis: 'HTTP/1.1 400 Bad'"),
        (b"", False, "closed without an answer"),
    ],
)
def test_other_answers(said: bytes, up: bool, reason: str) -> None:
    assert verdict(said) == (up, reason)


def test_the_role_may_matter() -> None:
    pong = b"+PONG\r\n"
    assert verdict(pong, MASTER, role="master") == (True, "+PONG, role master")
    assert verdict(pong, REPLICA, role="replica") == (True, "+PONG, role replica")
    assert verdict(pong, REPLICA, role="master") == (False, "its role is replica, not master")
    assert verdict(pong, b"-ERR no\r\n", role="master") == (
        False,
        "its role is '-ERR no', not master",
    )
    assert verdict(NO_AUTH, role="master")[0] is False
    _, sent = talk(check("master").probe(RealServer("a")), [pong, MASTER])
    assert sent == PING + ROLE


def test_a_password_goes_first() -> None:
    probe = check(password="s\u00e9same", user="lb").probe(RealServer("a"))
    found, sent = talk(probe, [b"+OK\r\n", b"+PONG\r\n"])
    assert found.up
    assert sent == b"*3\r\n$4\r\nAUTH\r\n$2\r\nlb\r\n$7\r\ns\xc3\xa9same\r\n" + PING
    wrong = verdict(b"-WRONGPASS no\r\n", password="x")
    assert wrong == (False, "it answers '-WRONGPASS no'")


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "sesame")
    settings = RedisSettings.model_validate({"password": {"env": "REDIS_PASSWORD"}})
    made = make(settings, Surroundings())
    assert made.password == "sesame"
    assert isinstance(made, CheckWithSecrets)
    assert made.secrets == (b"sesame",)
    for told in (repr(made), str(made), made.describes, repr(settings)):
        assert "sesame" not in told
    assert not check().secrets


def test_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_NOWHERE", raising=False)
    settings = RedisSettings.model_validate({"password": {"env": "REDIS_NOWHERE"}})
    with pytest.raises(Misfit, match="REDIS_NOWHERE is not set") as caught:
        make(settings, Surroundings())
    assert caught.value.at == ("password",)
    with pytest.raises(Misfit, match="a user needs a password"):
        make(RedisSettings(user="lb"), Surroundings())


GOOD = (b"+PONG\r\n" + MASTER, b"+OK\r\n+PONG\r\n" + REPLICA, b"+PONG\r\n*1\r\n$9999\r\n")


@given(data=near(*GOOD), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    server = RealServer("a")
    same_however_split(lambda: check().probe(server), data, places)
    same_however_split(lambda: check("master").probe(server), data, places)
    same_however_split(lambda: check("replica", "x").probe(server), data, places)
