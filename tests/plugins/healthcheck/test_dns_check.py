"""DNS: one question, by UDP or TCP, and which answers mean that the server is up."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import OverDatagrams, Probe, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dns_check import DnsCheck, DnsSettings, make
from pointsman_healthcheck.dns_message import question

SERVER = RealServer("a")


def check(**keys: Any) -> DnsCheck:
    made = make(DnsSettings.model_validate(keys), Surroundings())
    return replace(made, number=lambda: 0x1234)


def answer(rcode: int = 0, number: int = 0x1234, flags: int = 0x8180, address: str = "") -> bytes:
    head = struct.pack("!HHHHHH", number, flags | rcode, 0, bool(address), 0, 0)
    if not address:
        return head
    data = bytes(map(int, address.split(".")))
    return head + b"\0" + struct.pack("!HHIH", 1, 1, 0, 4) + data


def test_by_default_the_root_is_asked_for_by_udp() -> None:
    probe = check().probe(SERVER)
    verdict, sent = talk(probe, [answer()])
    assert (verdict.up, verdict.reason) == (True, "NOERROR, 0 answers")
    assert sent == question(0x1234, ".", "NS")
    assert check().over(SERVER) == OverDatagrams()
    assert check().describes == "DNS NS . by UDP"


def test_each_attempt_has_a_number_of_its_own() -> None:
    made = make(DnsSettings(), Surroundings())
    assert len({made.probe(SERVER).start() for _ in range(20)}) > 1
    assert made == make(DnsSettings(), Surroundings())


def test_only_the_answer_to_our_question_counts() -> None:
    probe = check().probe(SERVER)
    probe.start()
    assert probe.receive(answer(2, number=1)) is None
    assert probe.receive(question(0x1234, ".", "NS")) is None  # an echo is no answer
    assert probe.receive(answer(3)) == Verdict(True, "NXDOMAIN, 0 answers")


@pytest.mark.parametrize(
    ("keys", "said", "up", "reason"),
    [
        ({}, answer(2), False, "SERVFAIL not among accepted NOERROR, NXDOMAIN"),
        ({}, answer(5), False, "REFUSED not among accepted NOERROR, NXDOMAIN"),
        ({"accept": "REFUSED"}, answer(5), True, "REFUSED, 0 answers"),
        ({"accept": ["REFUSED"]}, answer(), False, "NOERROR not among accepted REFUSED"),
        ({}, b"no", False, "not DNS: 2 bytes are no DNS message"),
        ({"answer": "192.0.2.1"}, answer(address="192.0.2.1"), True, "NOERROR, 1 answers"),
        ({"answer": "192.0.2.1"}, answer(address="192.0.2.2"), False,
            "NOERROR, but 192.0.2.1 is not among: 192.0.2.2"),
        ({"answer": "192.0.2.1"}, answer(), False, "NOERROR, but 192.0.2.1 is not among: none"),
    ],
)  # fmt: skip
def test_answers(keys: dict[str, Any], said: bytes, up: bool, reason: str) -> None:
    assert judged(check(**keys).probe(SERVER), said) == (up, reason)


def tcp(message: bytes) -> bytes:
    return len(message).to_bytes(2) + message


def test_by_tcp_a_length_goes_before_each_message() -> None:
    made = check(protocol="tcp", name="example.org", type="SOA")
    assert made.over(SERVER) is None
    assert made.describes == "DNS SOA example.org by TCP"
    verdict, sent = talk(made.probe(SERVER), [tcp(answer())])
    assert verdict.up
    assert sent == tcp(question(0x1234, "example.org", "SOA"))
    assert judged(made.probe(SERVER), tcp(answer(number=9))) == (
        False,
        "it answers another question",
    )
    assert judged(made.probe(SERVER), b"\0\x05hello") == (False, "not DNS: a message of 5 bytes")


@given(data=near(tcp(answer()), tcp(answer(2, address="192.0.2.1"))), places=PLACES)
def test_whatever_comes_by_tcp_however_it_is_split(data: bytes, places: list[int]) -> None:
    def probe() -> Probe:
        return check(protocol="tcp", answer="192.0.2.1").probe(SERVER)

    same_however_split(probe, data, places)


@given(data=near(answer(), answer(2, address="192.0.2.1")))
def test_whatever_comes_by_udp(data: bytes) -> None:
    probe = check(answer="192.0.2.1").probe(SERVER)
    probe.start()
    assert probe.receive(data) is None or probe.receive(data)


@pytest.mark.parametrize(
    "keys",
    [
        {"name": "a..b"},
        {"name": "\u00e9.example"},
        {"type": "ANY"},
        {"accept": []},
        {"accept": "OK"},
        {"answer": "example"},
        {"protocol": "icmp"},
    ],
)
def test_what_cannot_be_asked(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DnsSettings.model_validate(keys)
