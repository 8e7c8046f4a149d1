"""Tunnels between streams that the test plays: no byte lost, each end told once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.streams import PlayedStream
from pointsman.core.deadlines import Deadlines
from pointsman.model.record import (
    CLIENT_ABORTED,
    CLIENT_TIMEOUT,
    OK,
    STOPPED,
    UPSTREAM_ABORTED,
    UPSTREAM_TIMEOUT,
)
from pointsman.net.relay import Relay
from pointsman.net.stream import HIGH_WATER


class Tunnel:
    """A relay between two streams that the test plays."""

    def __init__(self, idle: float = 60, to_upstream: bytes = b"", to_client: bytes = b"") -> None:
        self.client = PlayedStream()
        self.upstream = PlayedStream()
        self.wheel = Deadlines(0)
        self.reasons: list[str] = []
        self.relay = Relay(
            self.client,
            self.upstream,
            self.wheel,
            idle,
            lambda relay, reason: self.reasons.append(reason),
            to_upstream,
            to_client,
        )

    def turn(self) -> None:
        self.client.turn()
        self.upstream.turn()


STEP = st.one_of(
    st.tuples(st.just("send"), st.booleans(), st.integers(1, HIGH_WATER)),
    st.tuples(st.sampled_from(["jam", "unjam", "end", "break"]), st.booleans(), st.just(0)),
)


@given(
    steps=st.lists(STEP, max_size=40),
    to_upstream=st.binary(max_size=10),
    to_client=st.binary(max_size=10),
)
def test_nothing_is_lost_doubled_or_reordered_and_each_end_is_told_once(
    steps: list[tuple[str, bool, int]], to_upstream: bytes, to_client: bytes
) -> None:
    tunnel = Tunnel(to_upstream=to_upstream, to_client=to_client)
    streams = {True: tunnel.client, False: tunnel.upstream}
    sent = {True: bytearray(to_upstream), False: bytearray(to_client)}
    broken = False
    for number, (what, of_client, size) in enumerate(steps):
        stream = streams[of_client]
        if what == "send" and not stream.peer_ended:
            data = bytes([number]) * size
            stream.sent.append(data)
            sent[of_client] += data
        elif what == "jam":
            stream.jam()
        elif what == "unjam":
            stream.unjam()
        elif what == "end":
            stream.peer_ended = True
        elif what == "break":
            broken = broken or not stream.lost
            stream.break_off()
        tunnel.turn()
        for direction in (True, False):
            assert sent[direction].startswith(streams[not direction].taken)
    for _ in range(len(steps) + 2):
        for stream in streams.values():
            stream.unjam()
        tunnel.turn()
    both_ended = tunnel.client.peer_ended and tunnel.upstream.peer_ended
    for of_client, stream in streams.items():
        other = streams[not of_client]
        assert stream.most_waiting <= HIGH_WATER * 2
        assert other.finish_taken <= 1
        if not broken:
            assert other.taken == sent[of_client]
            assert stream.lost == both_ended
            if stream.peer_ended and not both_ended:
                assert other.finish_taken == 1
    if broken:
        assert len(tunnel.reasons) == 1
        assert tunnel.client.lost
        assert tunnel.upstream.lost
    else:
        assert tunnel.reasons == ([OK] if both_ended else [])
        assert tunnel.relay.bytes_in == len(sent[True])
        assert tunnel.relay.bytes_out == len(sent[False])


@pytest.mark.parametrize(
    ("of_client", "reason"), [(True, CLIENT_ABORTED), (False, UPSTREAM_ABORTED)]
)
def test_a_reset_is_passed_on(of_client: bool, reason: str) -> None:
    tunnel = Tunnel()
    broken, other = tunnel.client, tunnel.upstream
    if not of_client:
        broken, other = other, broken
    broken.break_off()
    assert other.aborted
    assert tunnel.reasons == [reason]


def test_an_end_in_one_direction_leaves_the_other_open() -> None:
    tunnel = Tunnel()
    tunnel.client.sent.append(b"question")
    tunnel.client.peer_ended = True
    tunnel.turn()
    assert tunnel.upstream.taken == b"question"
    assert tunnel.upstream.finish_taken == 1
    tunnel.upstream.sent.append(b"answer")
    tunnel.turn()
    assert tunnel.client.taken == b"answer"
    assert tunnel.reasons == []
    tunnel.upstream.peer_ended = True
    tunnel.turn()
    assert tunnel.reasons == [OK]


@pytest.mark.parametrize(("speaker", "silent"), [(True, UPSTREAM_TIMEOUT), (False, CLIENT_TIMEOUT)])
def test_idle_time_runs_from_the_last_byte_and_names_the_silent_side(
    speaker: bool, silent: str
) -> None:
    tunnel = Tunnel(idle=5)
    stream = tunnel.client if speaker else tunnel.upstream
    for second in range(1, 12):
        tunnel.wheel.tick(second)
    assert tunnel.reasons == [CLIENT_TIMEOUT]

    tunnel = Tunnel(idle=5)
    stream = tunnel.client if speaker else tunnel.upstream
    for second in range(1, 30):
        tunnel.wheel.tick(second)
        if second % 4 == 0:
            stream.sent.append(b"x")
            tunnel.turn()
    assert tunnel.reasons == []
    for second in range(30, 36):
        tunnel.wheel.tick(second)
    assert tunnel.reasons == [silent]
    assert not tunnel.client.aborted  # nothing waits, so that nobody needs to see a reset


def test_a_slow_reader_is_not_idle_but_one_that_stopped_is() -> None:
    tunnel = Tunnel(idle=3)
    tunnel.client.jam()
    for second in range(1, 20):
        tunnel.upstream.sent.append(b"x" * 1000)
        tunnel.upstream.peer_ended = second == 19
        tunnel.turn()
        tunnel.wheel.tick(second)
    for second in range(20, 40):
        if second < 30:
            tunnel.client._waiting.pop()  # takes one byte a second
        else:
            assert second < 38
        tunnel.wheel.tick(second)
        if tunnel.reasons:
            assert second >= 32
            break
    assert tunnel.reasons == [CLIENT_TIMEOUT]
    assert tunnel.client.aborted


def test_zero_is_never_idle() -> None:
    tunnel = Tunnel(idle=0)
    tunnel.wheel.tick(100_000)
    assert tunnel.reasons == []


def test_abort_tells_the_given_reason_once() -> None:
    tunnel = Tunnel()
    tunnel.relay.abort(STOPPED)
    tunnel.relay.abort(CLIENT_ABORTED)
    assert tunnel.reasons == [STOPPED]
    assert tunnel.client.aborted
    assert tunnel.upstream.aborted
    assert tunnel.relay.is_over
    tunnel.wheel.tick(1000)
    assert tunnel.reasons == [STOPPED]


def test_much_that_was_read_before_blocks_the_side_that_it_came_from() -> None:
    tunnel = Tunnel(to_upstream=b"")
    upstream = PlayedStream()
    upstream.jam()
    client = PlayedStream()
    Relay(client, upstream, Deadlines(0), 60, print, to_upstream=b"x" * (HIGH_WATER + 1))
    client.sent.append(b"more")
    client.turn()
    assert client.sent == [b"more"]
    upstream.unjam()
    client.turn()
    assert upstream.taken.endswith(b"xmore")
    assert tunnel.reasons == []
