"""Pings: only the reply to our own counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pointsman.contracts import CheckOver, OverPing, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.icmp_check import IcmpSettings, make

SERVER = RealServer("a")


def test_the_payload_comes_back() -> None:
    check = make(IcmpSettings(), Surroundings())
    assert isinstance(check, CheckOver)
    assert (check.over(SERVER), check.describes) == (OverPing(), "ping with 56 bytes")
    probe = check.probe(SERVER)
    payload = probe.start()
    assert len(payload) == 56
    assert probe.receive(payload[:-1] + bytes([payload[-1] ^ 1])) is None
    assert probe.receive(payload) == Verdict(True, "answers a ping")


@given(st.binary(max_size=100))
def test_the_reply_to_another_is_passed_over(data: bytes) -> None:
    probe = make(IcmpSettings(), Surroundings()).probe(SERVER)
    assert probe.receive(data) is None


def test_two_probes_are_told_apart() -> None:
    check = make(IcmpSettings(size=16), Surroundings())
    assert check.probe(SERVER).start() != check.probe(SERVER).start()
    assert check == make(IcmpSettings(size=16), Surroundings())


@pytest.mark.parametrize("size", [0, 15, 1401])
def test_a_ping_has_a_size(size: int) -> None:
    with pytest.raises(ValidationError):
        IcmpSettings(size=size)
