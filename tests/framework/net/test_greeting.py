"""Passthrough on sockets: the hello is waited for, decides, and is sent on as it came."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle
from kit.dialling import FakeStream
from kit.hellos import alpn, large_hello, made_body, message, real_hello, record, records, sni
from kit.logs import noted_log
from kit.sockets import PlayedPeer, reset
from kit.tcp_site import Site
from pointsman.contracts import Arrival
from pointsman.contracts.tls import TlsMode
from pointsman.core.hello_reader import fatal_alert
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.record import (
    CLIENT_ABORTED,
    CLIENT_ERROR,
    CLIENT_TIMEOUT,
    NO_SERVER,
    OK,
    OVERLOADED,
    STOPPED,
)
from pointsman.model.server import RealServer
from pointsman.model.service import Limits, Timeouts
from pointsman.net.greeting import LEFT, TOO_SLOW, Greeting

HELLO = real_hello("a.example.org", ["h2", "http/1.1"])
UNKNOWN = real_hello("unknown.example")


class Passage:
    most_hello = 4096

    def pool_for(self, arrival: Arrival) -> str | None:
        raise AssertionError("whoever builds the service asks it")


class Passthrough:
    client = upstream = None
    passage = Passage()
    describes = "passthrough"
    warnings = ()
    chores = ()

    def take_over(self, before: TlsMode) -> None: ...


class PassingSite(Site):
    """Sends green.example to a pool of its own and knows nobody of the name unknown.example."""

    def __init__(self, reactor: Any, **settings: Any) -> None:
        settings.setdefault("timeouts", Timeouts(header=5.0))
        super().__init__(reactor, tls=Passthrough(), route=self.route, **settings)
        self.green = Member(RealServer("green"))
        self.other = Pool("other", [self.green], self.scheduler)
        self.asked: list[tuple[str, tuple[bytes, ...]]] = []

    def route(self, arrival: Arrival) -> Pool | None:
        facts = arrival.connection
        self.asked.append((facts.server_name, facts.alpn))
        pools = {"green.example": self.other, "unknown.example": None}
        return pools.get(facts.server_name, self.service.pool)

    def says(self, data: bytes) -> PlayedPeer:
        client = self.come()
        client.send(data)
        assert client.push()
        return client

    def ends(self, client: PlayedPeer) -> bytes:
        """All that the client is told; afterwards it leaves."""
        self.until(client.pull)
        client.close()
        self.until(lambda: self.records)
        return bytes(client.received)

    def passes(self, seconds: int) -> None:
        self.deadlines.tick(self.deadlines.now + seconds)
        settle(self.reactor)


@pytest.fixture
def site(lean_reactor: Any) -> Iterator[PassingSite]:
    site = PassingSite(lean_reactor)
    yield site
    site.close()


def test_nobody_is_dialled_before_the_hello_is_whole(site: PassingSite) -> None:
    client = site.says(HELLO[:-1])
    settle(site.reactor)
    assert (site.dials.attempts, site.connected, site.clients.open) == ([], [], 1)
    client.sock.send(HELLO[-1:])
    site.until(lambda: site.dials.attempts)
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    assert upstream.written == HELLO
    client.sock.send(b"more")
    site.until(lambda: upstream.written == HELLO + b"more")
    upstream.owner.data_received(b"server hello")
    upstream.owner.end_received()
    assert site.ends(client) == b"server hello"
    (finished,) = site.records
    assert (finished.server_name, finished.termination) == ("a.example.org", OK)
    assert finished.bytes_in == len(HELLO) + 4
    site.check_quiet()


def test_everyone_sees_what_the_client_asks_for(site: PassingSite) -> None:
    site.says(HELLO)
    site.until(lambda: site.dials.attempts)
    asked = ("a.example.org", (b"h2", b"http/1.1"))
    assert site.asked == [asked]
    facts = site.scheduler.arrivals[0][2]
    assert (facts.server_name, facts.alpn, facts.secure) == (*asked, False)
    assert [told.server_name for _, told in site.connected] == ["a.example.org"]


def test_a_hello_byte_by_byte_in_many_records_arrives_as_it_was(site: PassingSite) -> None:
    wire = records(large_hello()[5:], range(0, 2000, 50)) + b"early"
    client = site.come()
    for place in range(len(wire)):
        client.sock.send(wire[place : place + 1])
        site.reactor.doIteration(0)
    site.until(lambda: site.dials.attempts)
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    site.until(lambda: upstream.written == wire)


def test_the_name_decides_on_the_pool_once(site: PassingSite) -> None:
    site.says(real_hello("green.example"))
    site.until(lambda: site.dials.attempts)
    assert site.dials.attempts[0].server is site.green.server
    site.dials.attempts[0].fail()
    site.until(lambda: site.records)
    assert len(site.asked) == 1
    assert (site.green.active, site.green.failures) == (0, 1)


def test_who_is_meant_by_nobody_is_told_by_an_alert(site: PassingSite) -> None:
    with noted_log() as events:
        client = site.says(UNKNOWN)
        assert site.ends(client) == fatal_alert(112)
    (finished,) = site.records
    assert (finished.termination, finished.server_name) == (CLIENT_ERROR, "unknown.example")
    assert (finished.bytes_in, finished.attempts, finished.pin) == (len(UNKNOWN), 0, "")
    assert [event["reason"] for event in events] == ["no pool is for what it asks for"]
    site.check_quiet()


@pytest.mark.parametrize(
    ("wire", "told", "reason"),
    [
        (record(message(made_body(sni(b"a"), sni(b"b")))), fatal_alert(47), "comes twice"),
        (record(message(made_body(alpn()))), fatal_alert(50), "ALPN"),
        (record(message(bytes(5000))), fatal_alert(50), "too long"),
        (record(message(made_body(version=0x0300))), fatal_alert(70), "SSL 3.0"),
        (b"\x80\x2e\x01\x00\x02\0\0\0", fatal_alert(70), "SSL 2.0"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", b"", "does not speak TLS"),
    ],
)
def test_a_hello_that_is_none_is_refused(
    site: PassingSite, wire: bytes, told: bytes, reason: str
) -> None:
    with noted_log() as events:
        assert site.ends(site.says(wire)) == told
    assert site.reasons == [CLIENT_ERROR]
    assert reason in events[0]["reason"]
    assert (site.asked, site.dials.attempts) == ([], [])
    site.check_quiet()


def test_plain_http_is_answered_in_plain_http(site: PassingSite) -> None:
    answer = site.ends(site.says(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Length: %d" % len(body) in head
    assert b"https://" in body
    assert site.reasons == [CLIENT_ERROR]


def test_the_same_reason_is_told_once_and_counted(site: PassingSite) -> None:
    with noted_log() as events:
        for _ in range(3):
            site.ends(site.says(b"nonsense"))
    assert len(events) == 1
    assert site.clients.greetings is not None
    assert site.clients.greetings.refusals == {"it does not speak TLS": 3}


def test_who_is_refused_and_does_not_leave_is_cut(site: PassingSite) -> None:
    client = site.says(b"nonsense")
    site.until(client.pull)
    client.send(b"x" * 100_000)
    client.push()
    settle(site.reactor)
    assert site.records == []
    site.passes(4)
    assert site.reasons == [CLIENT_ERROR]
    site.check_quiet()


@pytest.mark.parametrize("said", [b"", HELLO[:-1], b"\x16", b"GET"])
def test_a_slow_client_is_cut_in_time(site: PassingSite, said: bytes) -> None:
    client = site.says(said)
    settle(site.reactor)
    site.passes(4)
    assert site.records == []
    site.passes(3)
    assert site.reasons == [CLIENT_TIMEOUT]
    site.until(client.pull)
    assert client.broken
    assert site.clients.greetings is not None
    assert site.clients.greetings.refusals == {TOO_SLOW: 1}
    site.check_quiet()


def test_a_client_that_trickles_is_given_no_more_time(site: PassingSite) -> None:
    client = site.come()
    for place in range(6):
        client.sock.send(HELLO[place : place + 1])
        site.passes(1)
    site.passes(1)
    assert site.reasons == [CLIENT_TIMEOUT]


def test_a_hello_in_time_is_not_timed_any_more(site: PassingSite) -> None:
    site.says(HELLO)
    site.until(lambda: site.dials.attempts)
    site.passes(100)
    assert site.records == []


@pytest.mark.parametrize("said", [b"", HELLO[:40]])
@pytest.mark.parametrize("rudely", [False, True])
def test_a_client_that_leaves_early(site: PassingSite, said: bytes, rudely: bool) -> None:
    client = site.says(said)
    if rudely:
        reset(client.sock)
    else:
        client.close()
    site.until(lambda: site.records)
    assert site.reasons == [CLIENT_ABORTED]
    assert site.clients.greetings is not None
    assert site.clients.greetings.refusals == ({} if rudely else {LEFT: 1})
    site.check_quiet()


def test_stopping_gives_up_who_has_not_said_what_he_wants(site: PassingSite) -> None:
    site.says(HELLO)
    site.until(lambda: site.dials.attempts)
    site.says(HELLO[:10])
    refused = site.says(b"nonsense")
    site.until(refused.pull)
    site.clients.close_idle()
    assert sorted(site.reasons) == [CLIENT_ERROR, STOPPED]
    assert site.clients.open == 1


def test_one_connection_too_many_is_not_even_read(lean_reactor: Any) -> None:
    site = PassingSite(lean_reactor, limits=Limits(connections=1))
    site.come()
    late = site.come()
    site.until(late.pull)
    assert site.reasons == [OVERLOADED]
    site.close()


def test_a_route_that_raises_leaves_no_client_behind(lean_reactor: Any) -> None:
    class Broken(PassingSite):
        def route(self, arrival: Arrival) -> Pool | None:
            raise ValueError("at fault")

    site = Broken(lean_reactor)
    client = site.says(HELLO)
    with noted_log() as events:
        site.until(lambda: site.records)
    assert site.reasons == [NO_SERVER]
    assert [str(event["log_failure"].value) for event in events] == ["at fault"]
    site.until(client.pull)
    site.close()


def test_a_greeting_leaves_nothing_to_collect(site: PassingSite) -> None:
    gc.collect()
    gc.disable()
    try:
        for wire in (HELLO, UNKNOWN, b"nonsense", HELLO[:9]):
            client = site.says(wire)
            site.until(lambda: site.clients.open)
            settle(site.reactor)
            (connection,) = site.clients._open
            stream = connection._stream
            assert stream is not None
            owner = stream.owner
            assert isinstance(owner, Greeting) == (wire is not HELLO)
            number, kind = id(stream), type(stream)
            client.close()
            site.clients.abort_all(STOPPED)
            settle(site.reactor)
            del connection, stream, owner
            site.dials.attempts.clear()
            # Without a collection. No weak references: a compiled class has none.
            left = [id(each) for each in gc.get_objects() if isinstance(each, kind)]
            assert number not in left
    finally:
        gc.enable()
