"""The protocol toward a server: framing, reuse, silence, and servers that misbehave."""

from __future__ import annotations

import pytest

from kit.conversations import GET, HELLO
from kit.played_site import PlayedSite
from pointsman.model.service import Limits, Timeouts

HEAD = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def answered(answer: bytes, *, ask: bytes = GET, ends: bool = False) -> PlayedSite:
    """A site whose one server has given this answer to a request."""
    site = PlayedSite()
    site.asks(ask)
    site.plays(site.server, answer, ends=ends)
    return site


# ---- reuse ----


@pytest.mark.parametrize(
    ("answer", "ask", "kept"),
    [
        (HELLO, GET, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", HEAD, True),
        (b"HTTP/1.1 200 OK\r\n\r\n", HEAD, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", GET, True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", GET, True),
        (CHUNKS + b"0\r\n\r\n", GET, True),
        (CHUNKS + b"1\r\na\r\n0\r\nX: y\r\n\r\n", GET, True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", GET, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", GET, False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", GET, False),
        (HELLO + b"x", GET, False),
        (HELLO + HELLO, GET, False),
        (b"HTTP/1.1 204 No Content\r\n\r\nx", GET, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HEAD, False),
        (CHUNKS + b"0\r\n\r\nHTTP/1.1", GET, False),
    ],
)  # fmt: skip
def test_which_answers_leave_a_connection_fit_for_another_request(
    answer: bytes, ask: bytes, kept: bool
) -> None:
    site = answered(answer, ask=ask)
    assert site.ends == ["ok"]
    assert len(site.idle) == kept
    assert site.server.lost != kept


def test_the_connection_used_last_is_used_first() -> None:
    site = PlayedSite()
    one, two = site.asks(GET), site.asks(GET)
    first, second = site.servers
    site.plays(second, HELLO)
    site.plays(first, HELLO)
    site.plays(one, GET)
    assert bytes(first.taken).count(b"GET ") == 2
    site.plays(two, GET)
    assert bytes(second.taken).count(b"GET ") == 2
    assert len(site.servers) == 2


def test_no_more_connections_are_kept_than_the_limit() -> None:
    site = PlayedSite(limits=Limits(upstream_idle=2))
    for _ in range(4):
        site.asks(GET)
    for server in site.servers:
        site.plays(server, HELLO)
    assert len(site.idle) == 2
    assert [server.lost for server in site.servers] == [False, False, True, True]


def test_an_idle_connection_that_the_server_closes_is_forgotten() -> None:
    site = answered(HELLO)
    site.plays(site.server, b"", ends=True)
    assert len(site.idle) == 0
    assert site.server.lost
    site.plays(site.clients[0], GET)
    assert len(site.servers) == 2


def test_an_idle_connection_that_breaks_is_forgotten() -> None:
    site = answered(HELLO)
    site.server.break_off()
    assert len(site.idle) == 0


def test_an_idle_server_that_speaks_is_not_asked_again() -> None:
    site = answered(HELLO)
    site.plays(site.server, b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert len(site.idle) == 0
    assert site.server.lost


def test_design_5_7_a_connection_closed_under_the_request_is_a_race() -> None:
    site = answered(HELLO)
    stale = site.server
    site.clients[0].sent.append(GET)
    stale.peer_ended = True  # both in the same turn, and the request first
    site.settle()
    assert len(site.servers) == 2
    site.plays(site.server, HELLO)
    assert site.ends == ["ok", "ok"]
    assert site.members[0].failures == 0
    site.check_counters()


def test_a_request_that_is_not_idempotent_is_not_sent_again_after_a_race() -> None:
    site = answered(HELLO)
    stale = site.server
    site.plays(site.clients[0], POST)
    assert stale.taken.endswith(b"abc")
    site.plays(stale, b"", ends=True)
    assert len(site.servers) == 1
    assert b"HTTP/1.1 502 " in site.clients[0].taken
    assert site.members[0].failures == 0


# ---- framing ----


def test_an_answer_that_ends_with_the_connection_is_whole() -> None:
    site = answered(b"HTTP/1.1 200 OK\r\n\r\nhello", ends=True)
    assert site.ends == ["ok"]
    assert site.clients[0].taken.endswith(b"5\r\nhello\r\n0\r\n\r\n")
    assert len(site.idle) == 0


def test_an_answer_that_ends_with_a_reset_is_not() -> None:
    site = answered(b"HTTP/1.1 200 OK\r\n\r\nhello")
    site.server.break_off()
    assert site.ends == ["upstream_aborted"]
    assert site.clients[0].aborted


def test_interim_answers_and_the_final_one_in_one_segment() -> None:
    site = answered(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + HELLO)
    assert bytes(site.clients[0].taken).count(b"HTTP/1.1 103 ") == 3
    assert site.ends == ["ok"]
    assert len(site.idle) == 1


def test_a_server_that_sends_thousands_of_interim_answers_at_once_does_not_nest() -> None:
    site = answered(b"HTTP/1.1 100 Continue\r\n\r\n" * 5000 + HELLO)
    assert site.ends == ["ok"]


def test_interim_answers_do_not_keep_a_silent_server_alive() -> None:
    site = PlayedSite(timeouts=Timeouts(response=5))
    client = site.asks(GET)
    for _ in range(10):
        if not site.server.lost:
            site.plays(site.server, b"HTTP/1.1 102 Processing\r\n\r\n")
        site.passes(1)
    assert b"HTTP/1.1 504 " in client.taken


@pytest.mark.parametrize(
    "answer",
    [
        b"HELLO\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_an_answer_that_is_none_is_502_and_not_asked_for_again(answer: bytes) -> None:
    site = PlayedSite(servers=2)
    client = site.asks(GET)
    site.plays(site.server, answer)
    assert b"HTTP/1.1 502 " in client.taken
    assert site.ends == ["upstream_error"]
    assert site.server.aborted
    assert len(site.servers) == 1
    site.check_counters()


def test_a_head_without_end_is_502() -> None:
    site = PlayedSite(limits=Limits(response_header_bytes=1000))
    client = site.asks(GET)
    site.plays(site.server, b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        if not site.server.lost:
            site.plays(site.server, b"X: 0123456789\r\n")
    assert b"HTTP/1.1 502 " in client.taken
    assert site.server.aborted


@pytest.mark.parametrize(
    ("said", "retried"), [(b"", True), (b"HTTP/1.1", False), (b"HTTP/1.1 103 E\r\n\r\n", False)]
)
def test_a_server_that_ends_before_its_answer(said: bytes, retried: bool) -> None:
    site = PlayedSite(servers=2)
    client = site.asks(GET)
    site.plays(site.server, said, ends=True)
    assert len(site.servers) == (2 if retried else 1)
    assert (b"HTTP/1.1 502 " in client.taken) != retried
    assert site.members[0].failures == 1


# ---- bounds ----


def test_design_5_8_an_upload_waits_for_a_slow_server() -> None:
    site = PlayedSite(timeouts=Timeouts(response=1000))
    client = site.client()
    site.plays(client, b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n")
    site.server.jam()
    client.sent.extend([b"x" * 50_000] * 100)
    site.settle()
    assert site.server.most_waiting < 300_000
    assert len(client.sent) > 90
    site.server.unjam()
    site.settle()
    site.plays(site.server, HELLO)
    assert len(site.server.taken) > 5_000_000
    assert client.taken.endswith(b"hello")


def test_design_5_8_an_upload_waits_for_a_server_to_be_there() -> None:
    site = PlayedSite()
    site.dials = ["waits"]
    client = site.client()
    client.sent.append(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n")
    client.sent.extend([b"x" * 50_000] * 100)
    site.settle()
    assert len(client.sent) > 95
    site.calls[0].connects()
    site.settle()
    assert client.sent == []
    site.plays(site.server, HELLO)
    assert site.ends == ["ok"]


def test_design_5_8_a_download_waits_for_a_slow_client() -> None:
    site = PlayedSite()
    client = site.client()
    client.jam()
    site.plays(client, GET)
    site.server.sent.append(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
    site.server.sent.extend([b"x" * 50_000] * 100)
    site.settle()
    assert client.most_waiting < 300_000
    client.unjam()
    site.settle()
    assert site.ends == ["ok"]
    assert len(site.idle) == 1


def test_calls_that_fail_lead_to_the_next_server() -> None:
    site = PlayedSite(servers=3)
    site.dials = ["refused", "waits"]
    client = site.asks(GET)
    site.calls[0].fails("timed out")
    site.plays(site.server, HELLO)
    assert client.taken.endswith(b"hello")
    assert site.records[0].server == "c"
    assert site.records[0].attempts == 3
    site.check_counters()


@pytest.mark.parametrize(
    ("answer", "less"),
    [
        (b"HTTP/1.1 103 E\r\n\r\n" * 5000, True),
        (b"HTTP/1.1 103 E\r\n\r\n" * 100, False),
        (CHUNKS + b"1\r\na\r\n", False),
    ],
)
def test_of_a_server_that_is_made_to_cost_much_less_is_read(answer: bytes, less: bool) -> None:
    site = answered(answer)
    assert site.server.reads_less == less
    if answer.startswith(CHUNKS):
        site.plays(site.server, b"1\r\na\r\n" * 10_000)
        assert site.server.reads_less
