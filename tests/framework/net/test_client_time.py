"""The protocol toward a client: who may take how long, and who is cut."""

from __future__ import annotations

import pytest

from kit.conversations import GET, HELLO
from kit.played_site import PlayedSite
from pointsman.model.service import Timeouts

POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"
BIG = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000


def head(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b" "


def test_a_client_that_says_nothing_is_closed_in_silence() -> None:
    site = PlayedSite(timeouts=Timeouts(header=5))
    client = site.client()
    site.passes(4)
    assert not client.lost
    site.passes(4)
    assert client.lost
    assert client.taken == b""
    assert site.records == []


def test_the_time_for_a_head_runs_from_its_first_byte() -> None:
    site = PlayedSite(timeouts=Timeouts(header=5))
    client = site.asks(GET)
    site.plays(site.server, HELLO)
    site.passes(30)  # idle for less than its time
    for byte in GET[:20]:
        site.plays(client, bytes([byte]))
        site.passes(1)
    assert head(b"408") in client.taken
    assert site.ends == ["ok", "client_timeout"]


def test_only_line_ends_are_no_request_to_complain_about() -> None:
    site = PlayedSite(timeouts=Timeouts(header=5))
    client = site.asks(b"\r\n")
    site.passes(8)
    assert client.lost
    assert client.taken == b""


def test_an_idle_client_is_closed_in_its_time() -> None:
    site = PlayedSite(timeouts=Timeouts(idle=20))
    client = site.asks(GET)
    site.plays(site.server, HELLO)
    site.passes(19)
    assert not client.lost
    site.passes(4)
    assert client.lost
    assert site.ends == ["ok"]


def test_no_timer_of_the_client_ends_a_request_under_way() -> None:
    site = PlayedSite(timeouts=Timeouts(header=2, idle=2, body=2, response=100))
    client = site.asks(GET)
    site.passes(90)
    site.plays(site.server, HELLO)
    assert client.taken.endswith(b"hello")
    site.plays(client, POST + b"0123456789")
    site.passes(90)
    site.plays(site.server, HELLO)
    assert client.taken.count(b"hello") == 2


def test_a_body_that_stops_coming_is_408() -> None:
    site = PlayedSite(timeouts=Timeouts(body=5))
    client = site.asks(POST + b"012")
    site.passes(4)
    site.plays(client, b"3")
    site.passes(4)
    assert client.taken == b""
    site.passes(4)
    assert head(b"408") in client.taken
    assert b"Connection: close" in client.taken
    assert site.server.aborted
    assert site.ends == ["client_timeout"]
    site.check_counters()


def test_a_client_that_waits_for_100_is_not_late() -> None:
    site = PlayedSite(timeouts=Timeouts(body=5, response=100))
    client = site.asks(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    site.passes(50)
    site.plays(site.server, b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.taken == b"HTTP/1.1 100 Continue\r\n\r\n"
    site.passes(8)  # now it is
    assert head(b"408") in client.taken


def test_a_client_that_is_held_is_not_late() -> None:
    site = PlayedSite(timeouts=Timeouts(body=5, response=100))
    client = site.asks(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n")
    site.server.jam()
    site.plays(client, b"x" * 200_000)
    site.passes(50)
    assert client.taken == b""
    site.server.unjam()
    site.plays(client, b"x" * 100_000)
    site.plays(site.server, HELLO)
    assert client.taken.endswith(b"hello")


def test_a_client_that_stops_reading_is_cut() -> None:
    site = PlayedSite(timeouts=Timeouts(stream=10, response=30))
    client = site.client()
    client.jam()
    site.plays(client, GET)
    site.plays(site.server, BIG[:150_000])
    site.passes(25)
    assert client.aborted
    assert site.ends == ["client_timeout"]
    assert site.server.aborted
    site.check_counters()


def test_a_client_that_reads_slowly_is_not_cut() -> None:
    site = PlayedSite(timeouts=Timeouts(stream=10))
    client = site.client()
    client.jam()
    site.plays(client, GET)
    site.plays(site.server, BIG[:150_000])
    for _ in range(10):
        site.passes(9)
        del client._waiting[:1000]
    assert not client.lost
    client.unjam()
    site.settle()
    site.plays(site.server, BIG[150_000:])
    assert site.ends == ["ok"]


@pytest.mark.parametrize("ask", [GET.replace(b"/a", b"/a?close"), GET + b"junk"])
def test_a_client_that_does_not_read_the_end_is_cut_as_well(ask: bytes) -> None:
    site = PlayedSite(timeouts=Timeouts(stream=10, idle=10))
    client = site.client()
    client.jam()
    site.plays(client, ask.replace(b"Host", b"Connection: close\r\nHost"))
    site.plays(site.server, BIG)
    assert site.ends == ["ok"]
    site.passes(40)
    assert client.lost
    assert len(site.gone) == 1


def test_two_that_do_not_read_each_other_are_ended() -> None:
    site = PlayedSite(timeouts=Timeouts(stream=10, body=10, response=10))
    client = site.client()
    client.jam()
    site.plays(client, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n")
    site.server.jam()
    site.plays(client, b"x" * 200_000)
    site.plays(site.server, BIG[:150_000])
    site.passes(60)
    assert client.lost
    assert site.server.lost
    site.check_counters()
