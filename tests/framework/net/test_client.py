"""The protocol toward a client, over a stream that the test plays: the order of its answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.conversations import GET, HELLO
from kit.played_site import PlayedSite, connection_of

BIG = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000


def head(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b" "


def answer_all(site: PlayedSite) -> None:
    """The one server answers every request that has reached it, with a lot."""
    site.settle()
    while bytes(site.server.taken).count(b"GET ") > len(site.records):
        site.plays(site.server, BIG)


@given(bodies=st.lists(st.binary(max_size=20) | st.none(), min_size=1, max_size=8), data=st.data())
def test_pipelined_requests_are_answered_in_order_however_they_are_cut(
    bodies: list[bytes | None], data: st.DataObject
) -> None:
    requests = b"".join(
        b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number
        if body is None
        else b"PUT /%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"
        % (number, len(body), body)
        for number, body in enumerate(bodies)
    )
    site = PlayedSite()
    client = site.client()
    place = 0
    while place < len(requests):
        size = data.draw(st.integers(1, len(requests) - place))
        site.plays(client, requests[place : place + size])
        place += size
    for number in range(len(bodies)):
        site.plays(site.server, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
    answers = bytes(client.taken).split(b"HTTP/1.1 200 OK")[1:]
    assert [answer[-1:] for answer in answers] == [b"%d" % n for n in range(len(bodies))]
    assert [record.target for record in site.records] == [b"/%d" % n for n in range(len(bodies))]
    assert [record.bytes_in for record in site.records] == [len(body or b"") for body in bodies]
    assert len(site.servers) == 1


def test_thousands_of_pipelined_requests_do_not_nest() -> None:
    site = PlayedSite(servers=0)  # answered at once, with 503
    client = site.asks(GET * 5000)
    assert bytes(client.taken).count(head(b"503")) == 5000
    assert not client.lost


def test_pipelined_requests_that_are_answered_at_once_leave_others_their_turn() -> None:
    site = PlayedSite(servers=0)
    client = site.client()
    client.sent.append(GET * 5000)
    client.turn()
    assert bytes(client.taken).count(head(b"503")) == 64
    client.sent.append(GET * 20)
    client.peer_ended = True
    client.turn()
    assert bytes(client.taken).count(head(b"503")) == 64
    assert len(site.clock.getDelayedCalls()) == 1
    site.settle()
    assert bytes(client.taken).count(head(b"503")) == 5020
    assert client.lost
    assert not client.aborted


def test_a_client_that_leaves_before_its_next_turn_gets_none() -> None:
    site = PlayedSite(servers=0)
    client = site.client()
    client.sent.append(GET * 100)
    client.turn()
    client.break_off()
    site.settle()
    assert len(site.records) == 64
    assert len(site.gone) == 1


def test_thousands_of_pipelined_requests_do_not_nest_when_answered_one_by_one() -> None:
    site = PlayedSite()
    client = site.client()
    for _ in range(20):
        client.sent.append(GET * 100)
    site.settle()
    for _ in range(2000):
        site.plays(site.server, HELLO)
    assert bytes(client.taken).count(b"hello") == 2000


def test_what_is_sent_ahead_is_bounded_and_yet_all_is_answered() -> None:
    site = PlayedSite()
    client = site.client()
    piece = (GET * 2000)[: 64 * 1024]
    client.sent.extend([GET * 1500] * 20)  # about 1.1 MB
    site.settle()
    most = 0
    for _ in range(1500 * 20):
        site.plays(site.server, HELLO)
        most = max(most, len(connection_of(client)._buffer))
    assert bytes(client.taken).count(b"hello") == 1500 * 20
    assert most < 3 * len(piece)


def test_answers_to_a_client_that_does_not_read_do_not_pile_up() -> None:
    site = PlayedSite()
    client = site.client()
    client.jam()
    site.plays(client, GET * 50)
    answer_all(site)
    assert len(site.records) <= 2
    assert client.most_waiting < 500_000
    client.unjam()
    answer_all(site)
    assert bytes(client.taken).count(b"HTTP/1.1 200 OK") == 50
    assert len(site.servers) == 1


def test_a_connection_to_a_server_is_read_again_after_a_slow_client() -> None:
    site = PlayedSite()
    client = site.client()
    client.jam()
    site.plays(client, GET)
    site.plays(site.server, BIG)  # blocks the client with its last byte
    assert len(site.idle) == 1
    client.unjam()
    site.plays(client, GET)
    site.plays(site.server, HELLO)
    assert bytes(client.taken).endswith(b"hello")
    assert len(site.servers) == 1


UPLOAD = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("chunks", "less"),
    [(b"1\r\na\r\n" * 10_000, True), (b"1\r\na\r\n" * 100, False),
     (b"4000\r\n%b\r\n" % (b"a" * 0x4000), False)],
)  # fmt: skip
def test_of_a_client_that_makes_a_chunk_of_every_byte_less_is_read(
    chunks: bytes, less: bool
) -> None:
    site = PlayedSite()
    client = site.asks(UPLOAD)
    site.plays(client, chunks)
    assert client.reads_less == less
    site.plays(client, b"0\r\n\r\n")
    site.plays(site.server, HELLO)
    assert site.ends == ["ok"]
