"""LDAP: what a bind looks like byte by byte, and what its results mean."""

from __future__ import annotations

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import CheckWithSecrets, Misfit, Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.ldap_check import LdapCheck, LdapSettings, make

UNBIND = bytes.fromhex("30 05 02 01 02 42 00")


def probe(dn: str = "", password: str = "") -> Dialogue:
    return LdapCheck(None, dn, password).probe(RealServer("a"))


def settings(**keys: object) -> LdapSettings:
    return LdapSettings.model_validate(keys)


def answer(code: int, number: int = 1, *, long: bool = False) -> bytes:
    response = bytes([0x0A, 1, code, 4, 0, 4, 0])
    message = bytes([2, 1, number, 0x61, len(response)]) + response
    if long:  # a length that takes four bytes, as some directories write it
        return b"\x30\x84" + len(message).to_bytes(4) + message
    return bytes([0x30, len(message)]) + message


@pytest.mark.parametrize("long", [False, True])
def test_an_anonymous_bind(long: bool) -> None:
    verdict, sent = talk(probe(), [answer(0, long=long)])
    assert (verdict.up, verdict.reason) == (True, "it answers success (0)")
    assert sent == bytes.fromhex("30 0c 02 01 01 60 07 02 01 03 04 00 80 00") + UNBIND


def test_a_bind_with_a_name() -> None:
    name = "cn=lb,dc=" + "x" * 200
    verdict, sent = talk(probe(name, "sesame"), [answer(0)])
    assert verdict.up
    assert sent.startswith(bytes.fromhex("30 81 e5 02 01 01 60 81 df 02 01 03 04 81 d1"))
    assert sent.endswith(b"\x80\x06sesame" + UNBIND)
    wrong, _ = talk(probe(name, "x"), [answer(49)])
    assert (wrong.up, wrong.reason) == (False, "it answers invalid credentials (49)")
    assert wrong.remedy == "the right `dn` and `password`"


@pytest.mark.parametrize(
    ("code", "up", "words"),
    [
        (48, True, "it answers inappropriate authentication (48)"),
        (53, True, "it answers unwilling to perform (53)"),
        (8, True, "it answers stronger authentication required (8)"),
        (51, False, "it answers busy (51)"),
        (52, False, "it answers unavailable (52)"),
        (99, False, "it answers result (99)"),
    ],
)
def test_results_of_an_anonymous_bind(code: int, up: bool, words: str) -> None:
    assert judged(probe(), answer(code)) == (up, words)
    assert judged(probe("cn=lb", "x"), answer(code))[0] is False


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400",
        b"\x30\x80\0\0",
        b"\x30\x89",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x00",
        answer(0, number=2),
        answer(0).replace(b"\x61", b"\x78"),
    ],
)
def test_what_is_no_answer_to_a_bind(said: bytes) -> None:
    up, reason = judged(probe(), said)
    assert (up, reason.partition(":")[0]) == (False, "not the answer to an LDAP bind")


@given(data=near(answer(0), answer(49, long=True), b"\x30\x03\x02\x01\x01"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)
    same_however_split(lambda: probe("cn=lb", "x"), data, places)


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LDAP_PASSWORD", "sesame")
    made = make(settings(dn="cn=lb", password={"env": "LDAP_PASSWORD"}), Surroundings())
    assert isinstance(made, CheckWithSecrets)
    assert made.secrets == (b"sesame",)
    assert "sesame" not in repr(made) + made.describes
    assert made.describes == "LDAP bind as cn=lb"
    assert make(LdapSettings(), Surroundings()).describes == "anonymous LDAP bind"


def test_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LDAP_NOWHERE", raising=False)
    with pytest.raises(Misfit, match="a name needs a password"):
        make(settings(dn="cn=lb"), Surroundings())
    with pytest.raises(Misfit, match="a password needs a name"):
        make(settings(password={"env": "X"}), Surroundings())
    with pytest.raises(Misfit, match="LDAP_NOWHERE is not set"):
        make(settings(dn="cn=lb", password={"env": "LDAP_NOWHERE"}), Surroundings())
