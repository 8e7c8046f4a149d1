"""The line to a client: how answers are written, and its brakes beside its deadlines."""

from __future__ import annotations

import pytest

from kit.conversations import GET, HELLO
from kit.played_site import PlayedSite, connection_of
from pointsman.net.client_line import ClientLine

OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEPT = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"
)


@pytest.mark.parametrize(
    ("ask", "answer", "fields", "body", "closes"),
    [
        (GET, HELLO, b"Content-Length: 5\r\nVia: 1.1 pointsman\r\n", b"hello", False),
        (OLD, HELLO, b"Content-Length: 5\r\nVia: 1.1 pointsman\r\nConnection: close\r\n", b"hello",
         True),
        (OLD_KEPT, HELLO,
         b"Content-Length: 5\r\nVia: 1.1 pointsman\r\nConnection: keep-alive\r\n", b"hello", False),
        (GET, CHUNKED, b"Via: 1.1 pointsman\r\nTransfer-Encoding: chunked\r\n",
         b"5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n", False),
        (OLD_KEPT, CHUNKED, b"Via: 1.1 pointsman\r\nConnection: close\r\n", b"hello", True),
        (HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
         b"Content-Length: 5\r\nVia: 1.1 pointsman\r\n", b"", False),
    ],
)  # fmt: skip
def test_how_an_answer_is_framed_for_its_client(
    ask: bytes, answer: bytes, fields: bytes, body: bytes, closes: bool
) -> None:
    site = PlayedSite()
    client = site.asks(ask)
    site.plays(site.server, answer)
    assert bytes(client.taken) == b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body
    assert client.lost == closes


def test_what_is_written_after_the_client_is_gone_is_nobodys() -> None:
    site = PlayedSite()
    client = site.asks(GET)
    connection = connection_of(client)
    client.break_off()
    connection.send_data(b"x")
    connection.send_end([])
    connection.cut()
    connection.hold()
    connection.go_on()
    connection.stop()
    assert client.taken == b""


def test_an_error_answer_tells_an_id_and_nothing_of_the_inside() -> None:
    site = PlayedSite()
    site.dials = ["refused"]
    client = site.asks(GET)
    assert b"id-1" in client.taken
    assert b"refused" not in client.taken
    assert b"192.0.2." not in client.taken


def test_the_deadline_of_a_line_belongs_to_its_reader() -> None:
    site = PlayedSite()
    line = ClientLine(site.client_supplies, connection_of(site.client()).connection)
    with pytest.raises(NotImplementedError):
        line.timed_out()


@pytest.mark.parametrize("name", [b"X-SSL-Subject", b"x_ssl.subject"])
@pytest.mark.parametrize("at_once", [True, False])
def test_no_client_says_in_trailers_what_only_we_may_say(name: bytes, at_once: bool) -> None:
    site = PlayedSite()
    site.client_supplies.own_request_fields = (b"x-ssl-subject",)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    client = site.asks(head if not at_once else head + b"0\r\nA: b\r\n%b: c\r\n\r\n" % name)
    if not at_once:
        site.plays(client, b"0\r\nA: b\r\n%b: c\r\n\r\n" % name)
    assert site.server.taken.endswith(b"\r\n\r\n1\r\na\r\n0\r\n\r\n")


def test_other_trailers_pass() -> None:
    site = PlayedSite()
    site.client_supplies.own_request_fields = (b"x-ssl-subject",)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    site.asks(head + b"1\r\na\r\n0\r\nA: b\r\n\r\n")
    assert site.server.taken.endswith(b"1\r\na\r\n0\r\nA: b\r\n\r\n")
