"""RDP: what is asked byte by byte, and what confirmations mean."""

from __future__ import annotations

import pytest
from hypothesis import given

from kit.probing import PLACES, judged, near, same_however_split, talk
from pointsman.contracts import HealthCheck, Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue
from pointsman_healthcheck.rdp_check import RdpSettings, make


def probe() -> Dialogue:
    return make(RdpSettings(), Surroundings()).probe(RealServer("a"))


def confirmed(negotiation: bytes) -> bytes:
    body = bytes([6 + len(negotiation), 0xD0, 0, 0, 0x12, 0x34, 0]) + negotiation
    return b"\x03\0" + (4 + len(body)).to_bytes(2) + body


NLA = confirmed(bytes.fromhex("02 1f 08 00 02 00 00 00"))


def test_what_is_asked() -> None:
    verdict, sent = talk(probe(), [NLA])
    assert (verdict.up, verdict.reason) == (True, "confirmed, with NLA")
    # TPKT, X.224 connection request, RDP_NEG_REQ for TLS, CredSSP and early authorization.
    assert sent.hex(" ") == "03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 0b 00 00 00"


@pytest.mark.parametrize(
    ("negotiation", "up", "reason"),
    [
        ("", True, "confirmed, without a word on security"),
        ("02 00 08 00 01 00 00 00", True, "confirmed, with TLS"),
        ("02 00 08 00 40 00 00 00", True, "confirmed, with protocol 64"),
        ("03 00 08 00 05 00 00 00", True, "confirmed, but it requires NLA"),
        ("03 00 08 00 03 00 00 00", False, "confirmed, but it has no certificate"),
        ("03 00 08 00 63 00 00 00", True, "confirmed, but failure 99"),
        ("07 30 30 30 30 30 30 30", False, r"confirmed with '\x070000000'"),
    ],
)
def test_confirmations(negotiation: str, up: bool, reason: str) -> None:
    assert judged(probe(), confirmed(bytes.fromhex(negotiation))) == (up, reason)


def test_what_is_none() -> None:
    assert judged(probe(), b"HTTP/1.1 400") == (False, "not RDP: 'HTTP'")
    assert judged(probe(), b"\x03\0\0\x05") == (False, r"not RDP: '\x03\x00\x00\x05'")
    refused = b"\x03\0\0\x0b\x06\x80\0\0\0\0\0"  # a disconnect request
    assert judged(probe(), refused)[1].startswith("the connection is not confirmed: ")


@given(data=near(NLA, confirmed(b""), confirmed(b"\x03\0\x08\0\x05\0\0\0")), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    same_however_split(probe, data, places)


def test_it_is_told_in_a_few_words() -> None:
    check: HealthCheck = make(RdpSettings(), Surroundings())
    assert check.describes == "RDP connection request"
