"""DNS messages: questions byte by byte, responses taken apart, garbage refused or read in peace."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given

from kit.probing import near
from pointsman_healthcheck.dns_message import NotDns, Response, question, wire_name

# The answer to www.example.org A: two addresses behind compressed names, and a CNAME before.
ANSWER = bytes.fromhex(
    "1234 8180 0001 0003 0000 0000"
    "03777777 07 6578616d706c65 036f7267 00 0001 0001"
    "c00c 0005 0001 00000e10 0006 03 636468 c010"
    "c02d 0001 0001 0000003c 0004 c0000201"
    "c02d 0001 0001 0000003c 0004 c0000202".replace(" ", "")
)


def test_a_question() -> None:
    assert question(0x1234, "www.example.org.", "A").hex(" ") == (
        "12 34 01 00 00 01 00 00 00 00 00 00 "
        "03 77 77 77 07 65 78 61 6d 70 6c 65 03 6f 72 67 00 00 01 00 01"
    )
    assert question(1, ".", "NS")[12:] == b"\0\0\x02\0\x01"


@pytest.mark.parametrize("name", ["a..b", "x" * 64, ".".join(["x" * 60] * 5), "\u00e9.example"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire_name(name)


def test_an_answer_is_taken_apart() -> None:
    response = Response(ANSWER)
    assert (response.number, response.is_response) == (0x1234, True)
    assert (response.rcode, response.answers) == ("NOERROR", 3)
    assert response.addresses == ("192.0.2.1", "192.0.2.2")


def test_ipv6_addresses_are_read() -> None:
    record = b"\0" + struct.pack("!HHIH", 28, 1, 0, 16) + bytes(15) + b"\1"
    response = Response(struct.pack("!HHHHHH", 1, 0x8003, 0, 1, 0, 0) + record)
    assert (response.rcode, response.addresses) == ("NXDOMAIN", ("::1",))


def test_of_an_answer_that_is_cut_off_what_is_whole_is_told() -> None:
    assert Response(ANSWER[:-2]).addresses == Response(ANSWER[:-9]).addresses == ("192.0.2.1",)
    assert Response(ANSWER[:12]).rcode == "NOERROR"
    assert Response(struct.pack("!HHHHHH", 1, 0x800F, 0, 0, 0, 0)).rcode == "RCODE15"


def test_too_short_is_no_message() -> None:
    with pytest.raises(NotDns, match="11 bytes are no DNS message"):
        Response(bytes(11))


@given(near(ANSWER, bytes(12), ANSWER[:12] + b"\xc0\x0c" * 40))
def test_nothing_makes_it_fail_otherwise(data: bytes) -> None:
    try:
        response = Response(data)
    except NotDns:
        assert len(data) < 12
    else:
        assert response.rcode
