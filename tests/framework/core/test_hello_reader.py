"""The reader of hellos: any cut into segments and records gives the same, in bounded memory."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.hellos import (
    HOST,
    body_of,
    large_hello,
    made_body,
    message,
    pieces,
    real_hello,
    record,
    records,
    sni,
)
from pointsman.core.client_hello import ClientHello, HelloRefused, parse_client_hello
from pointsman.core.hello_reader import HelloReader, fatal_alert

REAL = [
    real_hello(),
    real_hello(None, ["h2"]),
    large_hello("pq.example", [b"h2"]),
]
Outcome = ClientHello | tuple[str, int, bool] | None


def outcome(segments: list[bytes], most: int = 16384) -> Outcome:
    """What comes of these segments, and that it comes with the last one that is looked at."""
    reader = HelloReader(most)
    for number, segment in enumerate(segments):
        try:
            hello = reader.feed(segment)
        except HelloRefused as refused:
            return refused.reason, refused.alert, refused.plain_http
        if hello is not None:
            assert reader.received == b"".join(segments[: number + 1])
            return hello
    return None


def refused(wire: bytes, most: int = 16384) -> tuple[str, int, bool]:
    """Why; the same for all bytes at once and for one after the other."""
    whole = outcome([wire], most)
    assert whole == outcome([wire[place : place + 1] for place in range(len(wire))], most)
    assert isinstance(whole, tuple)
    assert not isinstance(whole, ClientHello)
    return whole


cuts = st.lists(st.integers(1, 2000), max_size=30)


@given(st.sampled_from(REAL), cuts, cuts, st.binary(max_size=50))
def test_every_cut_gives_the_same(
    wire: bytes, by_record: list[int], by_segment: list[int], after: bytes
) -> None:
    cut = records(wire[5:], by_record) + after
    assert outcome(pieces(cut, by_segment)) == parse_client_hello(body_of(wire))


@pytest.mark.parametrize("wire", REAL)
def test_byte_by_byte_in_records_of_one_byte(wire: bytes) -> None:
    cut = records(wire[5:], range(len(wire)))
    assert len(cut) == 6 * (len(wire) - 5)
    expected = parse_client_hello(body_of(wire))
    assert outcome([cut]) == outcome(pieces(cut, range(len(cut)))) == expected
    assert outcome([cut[:-1]]) is None


@pytest.mark.parametrize("wire", REAL)
def test_cut_in_two_at_every_place(wire: bytes) -> None:
    expected = parse_client_hello(body_of(wire))
    for place in range(1, len(wire)):
        assert outcome([wire[:place], wire[place:]]) == expected
        assert outcome([records(wire[5:], [place])]) == expected


def test_what_follows_the_hello_is_kept_for_the_server() -> None:
    reader = HelloReader()
    wire = real_hello() + record(b"early data", kind=23)
    assert reader.feed(wire) is not None
    assert reader.received == wire


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0303, 0x03FF])
def test_the_version_of_a_record_means_nothing(version: int) -> None:
    wire = record(message(made_body(sni(b"a"))), version=version)
    assert outcome([wire]) == ClientHello("a", (), (0x0303,), 1, 0)


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"GET / HTTP/1.1\r\n", ("it speaks plain HTTP", 0, True)),
        (b"PROPFIND /", ("it speaks plain HTTP", 0, True)),
        (b"PRI * HTTP/2.0", ("it speaks plain HTTP", 0, True)),
        (b"Get / HTTP/1.1", ("it does not speak TLS", 0, False)),
        (b"G" * 30, ("it does not speak TLS", 0, False)),
        (b"SSH-2.0-x", ("it does not speak TLS", 0, False)),
        (b"\0", ("it does not speak TLS", 0, False)),
        (b"\x17\x03\x03\0\1", ("it does not speak TLS", 0, False)),
        (b"\x80\x2e\x01\x00\x02", ("it speaks SSL 2.0, which is broken (RFC 6176)", 70, False)),
        (b"\xff\xff\x02", ("it does not speak TLS", 0, False)),
        (b"\x16\x02\x00\0\1", ("it speaks an unknown version of TLS", 70, False)),
        (b"\x16\x03\x01\x40\x01", ("its record is longer than TLS allows", 22, False)),
        (b"\x16\x03\x01\0\0", ("its record is empty", 10, False)),
        (record(message(b"", kind=2)), ("it does not begin with a ClientHello", 10, False)),
        (record(b"\1") + record(b"\2\0", 21), ("it gave up within its ClientHello", 10, False)),
        (record(b"\1") + record(b"x", 23), ("its ClientHello is broken off", 10, False)),
        (record(b"\1") + record(b""), ("its record is empty", 10, False)),
        (
            record(message(made_body()) + b"\x14"),
            ("its ClientHello shares its record", 10, False),
        ),
        (record(message(b"")), ("the ClientHello ends too early", 50, False)),
    ],
)
def test_what_is_no_hello_is_refused_in_clear_words(
    wire: bytes, expected: tuple[str, int, bool]
) -> None:
    assert refused(wire) == expected


@pytest.mark.parametrize(
    "wire", [b"", b"G", b"GET", b"\x80", b"\x80\x01", b"\x16", b"\x16\x03\x01\0"]
)
def test_too_little_to_judge_waits(wire: bytes) -> None:
    assert outcome([wire]) is None


def test_a_hello_has_a_length_that_is_enough() -> None:
    body = made_body(sni(b"a"))
    wire = record(message(body))
    assert outcome([wire], len(body)) == parse_client_hello(body)
    too_long = ("its ClientHello is too long", 50, False)
    assert refused(wire, len(body) - 1) == too_long
    # Its length is refused, not its bytes: nobody has to send them.
    assert refused(record(b"\1\xff\xff\xff")) == too_long


def test_a_hello_over_several_full_records() -> None:
    filler = bytes([0, 99]) + (40000).to_bytes(2) + bytes(40000)
    body = made_body(sni(HOST.encode()), filler)
    wire = records(message(body), [16384, 32768])
    assert outcome([wire], 65536) == parse_client_hello(body)


def test_the_utmost_fragmentation_is_read_in_no_time() -> None:
    filler = bytes([0, 99]) + (16000).to_bytes(2) + bytes(16000)
    wire = records(message(made_body(filler)), range(17000))
    began = time.process_time()
    assert outcome(pieces(wire, range(len(wire)))) is not None
    assert time.process_time() - began < 5  # a quadratic one takes minutes


@given(st.binary(max_size=300), st.lists(st.integers(1, 300), max_size=20))
def test_any_bytes_give_the_same_however_they_are_cut(data: bytes, by_segment: list[int]) -> None:
    assert outcome([data]) == outcome(pieces(data, by_segment))


@given(st.sampled_from(REAL), st.data())
def test_mutated_hellos_give_the_same_however_they_are_cut(
    wire: bytes, data: st.DataObject
) -> None:
    changed = bytearray(records(wire[5:], data.draw(cuts)))
    for _ in range(data.draw(st.integers(1, 5))):
        # The first bytes decide the most.
        place = data.draw(st.integers(0, 20) | st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    assert outcome([bytes(changed)]) == outcome(pieces(bytes(changed), data.draw(cuts)))


@pytest.mark.parametrize("number", [50, 70, 112])
def test_an_alert_is_one_that_a_client_reads(number: int) -> None:
    assert fatal_alert(number) == bytes([21, 3, 3, 0, 2, 2, number])
