"""Tunnels between real sockets, chatty and bulk, on every reactor."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.any_reactor import own_reactor, settle, until
from kit.sockets import PlayedPeer, reset, socket_pair
from kit.streams import NotingOwner
from pointsman.core.deadlines import Deadlines
from pointsman.model.record import CLIENT_ABORTED, OK, STOPPED, UPSTREAM_ABORTED
from pointsman.net.plain_stream import PlainStream
from pointsman.net.relay import Relay
from pointsman.net.splice import Pipes

BIG = os.urandom(256 * 1024)


class Tunnel:
    """A relay between two real sockets; the test plays both of the far ends."""

    def __init__(
        self, reactor: Any, *, small: bool = True, to_upstream: bytes = b"", pipes: Any = None
    ) -> None:
        self.reactor = reactor
        self.pipes = pipes or Pipes()
        ours, theirs = socket_pair(small)
        our_other, their_other = socket_pair(small)
        self.client, self.upstream = PlayedPeer(theirs), PlayedPeer(their_other)
        self.client_stream = PlainStream(reactor, ours, NotingOwner())
        self.upstream_stream = PlainStream(reactor, our_other, NotingOwner())
        self.wheel = Deadlines(0)
        self.reasons: list[str] = []
        self.to_upstream = to_upstream
        self.relay: Relay

    def open(self) -> Tunnel:
        self.relay = Relay(
            self.client_stream,
            self.upstream_stream,
            self.wheel,
            60,
            lambda relay, reason: self.reasons.append(reason),
            to_upstream=self.to_upstream,
            pipes=self.pipes,
        )
        assert self.reasons == []
        return self

    def until(self, condition: Any) -> None:
        until(self.reactor, condition)

    def close(self) -> None:
        if not self.relay.is_over:
            self.relay.abort(STOPPED)
        assert len(self.reasons) == 1
        for peer in (self.client, self.upstream):
            peer.close()
        self.pipes.close()


@pytest.fixture
def tunnel(any_reactor: Any) -> Iterator[Tunnel]:
    tunnel = Tunnel(any_reactor).open()
    yield tunnel
    tunnel.close()


def test_talk_goes_both_ways(tunnel: Tunnel) -> None:
    for size in (3, 6):
        tunnel.client.sock.send(b"one")
        tunnel.until(partial(tunnel.upstream.has, size))
        tunnel.upstream.sock.send(b"ONE")
        tunnel.until(partial(tunnel.client.has, size))
    assert tunnel.upstream.received == b"oneone"
    assert tunnel.client.received == b"ONEONE"
    assert (tunnel.relay.bytes_in, tunnel.relay.bytes_out) == (6, 6)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_bulk_arrives_whole_then_half_close_then_the_answer(tunnel: Tunnel, direction: str) -> None:
    source, sink = tunnel.client, tunnel.upstream
    if direction == "down":
        source, sink = sink, source
    source.send(BIG)
    source.finish()
    tunnel.until(lambda: [source.push(), sink.pull()][1])
    assert sink.received == BIG
    assert sink.ended
    sink.sock.send(b"answer")
    tunnel.until(lambda: source.has(6))
    assert tunnel.reasons == []
    sink.sock.shutdown(socket.SHUT_WR)
    tunnel.until(lambda: tunnel.reasons and source.pull())
    assert source.ended
    assert tunnel.reasons == [OK]


@pytest.mark.parametrize(
    ("who", "reason"), [("client", CLIENT_ABORTED), ("upstream", UPSTREAM_ABORTED)]
)
@pytest.mark.parametrize("busy", [False, True])
def test_a_reset_is_passed_on(tunnel: Tunnel, who: str, reason: str, busy: bool) -> None:
    broken, other = tunnel.client, tunnel.upstream
    if who == "upstream":
        broken, other = other, broken
    if busy:  # the broken one did not read: the tunnel waits to write to it
        other.send(BIG)
        tunnel.until(lambda: not other.push())
        settle(tunnel.reactor)
    reset(broken.sock)
    tunnel.until(lambda: other.pull())
    assert other.broken
    assert tunnel.reasons == [reason]


def test_a_sink_that_does_not_read_stops_the_source(tunnel: Tunnel) -> None:
    tunnel.client.send(BIG * 20)
    tunnel.until(lambda: not tunnel.client.push())
    for _ in range(5):
        settle(tunnel.reactor)
        tunnel.client.push()
    held = tunnel.relay.bytes_in
    assert held < 1_000_000
    settle(tunnel.reactor)
    assert tunnel.relay.bytes_in == held
    tunnel.upstream.sock.send(b"the other direction is not held up")
    tunnel.until(lambda: tunnel.client.pull() or tunnel.client.received)
    tunnel.until(lambda: [tunnel.client.push(), tunnel.upstream.has(len(BIG) * 20)][1])
    assert tunnel.upstream.received == BIG * 20


def test_an_early_answer_of_an_upstream_that_closes_reaches_the_client(tunnel: Tunnel) -> None:
    tunnel.upstream.sock.send(b"413 too large")
    tunnel.client.sock.send(b"body")
    tunnel.until(lambda: tunnel.client.has(13))
    assert tunnel.client.received == b"413 too large"
    tunnel.upstream.close()  # with unread bytes: resets
    tunnel.client.send(b"more")
    tunnel.until(lambda: tunnel.client.has(1 << 30) or tunnel.reasons)
    assert tunnel.reasons == [UPSTREAM_ABORTED]


def test_what_waited_in_the_streams_and_what_was_read_before_goes_first(any_reactor: Any) -> None:
    tunnel = Tunnel(any_reactor, to_upstream=b"-early-")
    tunnel.upstream_stream.write(BIG)
    tunnel.client.sock.send(b"late")
    tunnel.client.sock.shutdown(socket.SHUT_WR)
    tunnel.open()
    tunnel.until(lambda: tunnel.upstream.pull())
    assert tunnel.upstream.received == BIG + b"-early-late"
    tunnel.close()


def test_an_end_that_the_former_owner_saw_is_seen_again(any_reactor: Any) -> None:
    tunnel = Tunnel(any_reactor)
    owner = NotingOwner()
    tunnel.client_stream.owner = owner
    tunnel.client_stream.resume()
    tunnel.client.sock.shutdown(socket.SHUT_WR)
    tunnel.until(lambda: owner.ended)
    tunnel.open()
    tunnel.until(lambda: tunnel.upstream.pull())
    assert tunnel.upstream.ended
    tunnel.close()


STEP = st.tuples(
    st.sampled_from(["send", "pull", "turn", "finish"]),
    st.booleans(),
    st.integers(1, 400_000),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=25), small=st.booleans(), last_reset=st.booleans())
def test_any_order_of_events_keeps_every_byte(
    steps: list[tuple[str, bool, int]], small: bool, last_reset: bool
) -> None:
    with own_reactor("lean") as reactor:
        tunnel = Tunnel(reactor, small=small).open()
        peers = {True: tunnel.client, False: tunnel.upstream}
        sent = {True: bytearray(), False: bytearray()}
        finished = {True: False, False: False}
        for number, (what, of_client, size) in enumerate(steps):
            peer = peers[of_client]
            if what == "send" and not finished[of_client]:
                data = bytes([number]) * size
                peer.send(data)
                sent[of_client] += data
            elif what == "pull":
                peer.pull(size)
            elif what == "finish" and not finished[of_client]:
                finished[of_client] = True
                peer.finish()
            for each in peers.values():
                each.push()
            reactor.iterate(0)

        def everything_arrived() -> bool:
            done = True
            for of_client, peer in peers.items():
                peer.push()
                peer.pull()
                done &= len(peer.received) == len(sent[not of_client])
                done &= peer.ended == finished[not of_client]
            return done

        until(reactor, everything_arrived)
        for of_client, peer in peers.items():
            assert peer.received == sent[not of_client]
            assert not peer.broken
        if all(finished.values()):
            until(reactor, lambda: tunnel.reasons)
            assert tunnel.reasons == [OK]
        elif last_reset and not finished[True]:  # who has finished is not read from any more
            reset(peers[True].sock)
            until(reactor, lambda: tunnel.reasons)
        assert (tunnel.relay.bytes_in, tunnel.relay.bytes_out) == (
            len(sent[True]),
            len(sent[False]),
        )
        tunnel.close()
        assert reactor.getReaders() == list(reactor._internalReaders)
        assert reactor.getWriters() == []
