"""The line to a server: whose time it is, when it is over, and whether the line can be kept."""

from __future__ import annotations

from kit.conversations import GET, HELLO
from kit.played_site import PlayedSite
from pointsman.model.service import Timeouts


def test_an_unused_connection_is_closed_in_its_time_and_not_before() -> None:
    site = PlayedSite(timeouts=Timeouts(upstream_idle=10, response=3))
    site.asks(GET)
    site.plays(site.server, HELLO)
    site.passes(9)
    assert not site.server.lost
    site.passes(3)
    assert site.server.lost
    assert len(site.idle) == 0


def test_a_connection_in_use_is_not_ended_by_its_idle_time() -> None:
    site = PlayedSite(timeouts=Timeouts(upstream_idle=5, response=100, idle=100))
    client = site.asks(GET)
    site.plays(site.server, HELLO)
    site.passes(4)
    site.plays(client, GET)
    site.passes(50)
    site.plays(site.server, HELLO)
    assert client.taken.count(b"hello") == 2


def test_a_server_that_does_not_answer_is_504() -> None:
    site = PlayedSite(timeouts=Timeouts(response=5))
    client = site.asks(GET)
    site.passes(5)
    assert client.taken == b""
    site.passes(3)
    assert b"HTTP/1.1 504 " in client.taken
    assert site.server.aborted
    assert site.ends == ["upstream_timeout"]
    site.check_counters()


def test_half_a_head_is_no_answer() -> None:
    site = PlayedSite(timeouts=Timeouts(response=5))
    client = site.asks(GET)
    for byte in HELLO[:7]:
        site.passes(1)
        if not site.server.lost:
            site.plays(site.server, bytes([byte]))
    assert b"HTTP/1.1 504 " in client.taken


def test_an_answer_that_stops_is_cut() -> None:
    site = PlayedSite(timeouts=Timeouts(response=100, stream=5))
    client = site.asks(GET)
    site.plays(site.server, HELLO[:-3])
    site.passes(5)
    site.plays(site.server, HELLO[-3:-1])
    site.passes(5)
    assert not client.lost
    site.passes(3)
    assert client.aborted
    assert site.ends == ["upstream_timeout"]


def test_a_server_is_not_silent_while_the_client_is_slow() -> None:
    site = PlayedSite(timeouts=Timeouts(response=5, stream=50))
    client = site.client()
    client.jam()
    site.plays(client, GET)
    site.plays(site.server, b"HTTP/1.1 200 OK\r\nContent-Length: 100005\r\n\r\n" + b"x" * 100_000)
    site.passes(40)
    client.unjam()
    site.plays(site.server, b"hello")
    assert client.taken.endswith(b"hello")
    assert site.ends == ["ok"]


def test_a_server_is_not_silent_while_the_client_owes_it_the_body() -> None:
    site = PlayedSite(timeouts=Timeouts(response=2, body=6))
    client = site.asks(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello")
    site.passes(4)
    assert site.ends == []
    site.passes(5)
    assert site.ends == ["client_timeout"]
    assert bytes(client.taken).startswith(b"HTTP/1.1 408 ")


def test_once_the_body_is_complete_it_is_the_server_s_turn() -> None:
    site = PlayedSite(timeouts=Timeouts(response=2, body=6))
    client = site.asks(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello")
    site.passes(3)
    site.plays(client, b"wide")
    site.passes(4)
    assert site.ends == ["upstream_timeout"]


def test_a_server_that_does_not_take_the_request_is_504_and_one_that_does_slowly_is_not() -> None:
    site = PlayedSite(timeouts=Timeouts(response=5, body=100))
    client = site.client()
    site.plays(client, b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n")
    site.server.jam()
    site.plays(client, b"x" * 300_000)
    for _ in range(5):
        site.passes(5)
        del site.server._waiting[:1000]
    assert not site.server.lost
    site.passes(15)
    assert b"HTTP/1.1 504 " in client.taken
    site.check_counters()


def test_a_server_that_answers_early_and_reads_no_more_does_not_keep_its_connection() -> None:
    site = PlayedSite()
    client = site.client()
    site.plays(client, b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n")
    site.server.jam()
    site.plays(client, b"x" * 300_000)
    site.plays(site.server, b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
    assert b"HTTP/1.1 413 " in client.taken
    assert site.server.lost
    assert len(site.idle) == 0
