"""Probes as tests make them: split at will, or once against a real server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from kit.real_reactor import run_reactor
from pointsman.contracts import HealthCheck, Probe, Verdict
from pointsman.core.deadlines import Deadlines
from pointsman.core.health_report import Outcome, Report
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.net.attempt import Attempt
from pointsman.net.dial import Dialler
from pointsman.net.probe_transports import ProbeTransports

PATIENCE = 20.0
TURNS = 64


def no_names(host: str) -> tuple[str, ...]:
    return ()


def attempt_once(
    reactor: Any, check: HealthCheck, server: RealServer, timeout: float
) -> Deferred[Report]:
    """One attempt on a running reactor."""
    deadlines = Deadlines(reactor.seconds())
    dialler = Dialler(reactor, deadlines, no_names)
    transports = ProbeTransports.of(reactor, dialler, deadlines, no_names)
    done: Deferred[Report] = Deferred()
    attempt = Attempt(
        reactor, check, server, timeout, lambda ended: done.callback(ended.report(1000.0))
    )
    attempt.start(transports.opener(check, server))
    return done


def probe_once(
    check: HealthCheck, place: str | RealServer, *, timeout: float = 10.0, turns: int = 0
) -> Report:
    """One attempt at a real server, on a reactor of its own.

    Args:
        check: what is asked.
        place: host:port, or the server.
        timeout: of the attempt.
        turns: so many hundredths of a second are waited afterwards, for what is to be cleared up.
    """
    server = place if isinstance(place, RealServer) else RealServer("a", Address.parse(place))

    async def work(reactor: Any) -> Report:
        report = await attempt_once(reactor, check, server, timeout)
        waited: Deferred[None] = Deferred()
        reactor.callLater(turns / 100, waited.callback, None)
        await waited
        return report

    return run_reactor(work, seconds=timeout + PATIENCE)


def said(report: Report) -> tuple[str, str]:
    """What an attempt came to, as a test compares it."""
    return report.outcome.value, report.reason


def is_good(report: Report) -> bool:
    return report.outcome is Outcome.GOOD


# ---- without any I/O ----


def talk(probe: Probe, pieces: Sequence[bytes], *, close: bool = True) -> tuple[Any, bytes]:
    """Give a probe what a server says; its verdict (None if it waits) and what it sent."""
    sent = probe.start()
    if isinstance(sent, Verdict):
        return sent, sent.farewell
    for piece in pieces:
        data = piece
        for _ in range(TURNS):
            answer = probe.receive(data)
            if not isinstance(answer, bytes):
                break
            sent += answer
            data = b""
        else:
            raise AssertionError("the probe would not listen")
        if answer is not None:
            return answer, sent + answer.farewell
    return (probe.closed() if close else None), sent


def judged(probe: Probe, *pieces: bytes) -> tuple[bool, str]:
    """The verdict on what a server says before it closes."""
    verdict, _ = talk(probe, pieces)
    assert isinstance(verdict, Verdict)
    assert verdict.reason
    return verdict.up, verdict.reason


def split_at(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The pieces of ``data``, none empty, cut at these places."""
    cuts = sorted({place % len(data) for place in places} - {0}) if data else []
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


def same_however_split(make: Callable[[], Probe], data: bytes, places: Sequence[int]) -> None:
    """Whatever the pieces, probe and verdict are the same, and a verdict is one."""
    whole, sent = talk(make(), [data] if data else [])
    pieces, sent_then = talk(make(), split_at(data, places))
    assert isinstance(whole, Verdict)
    assert whole == pieces
    assert sent == sent_then


PLACES = st.lists(st.integers(0, 10_000), max_size=8)


def near(*samples: bytes) -> st.SearchStrategy[bytes]:
    """Bytes like these, cut, longer or with a few changed; and some that are like nothing."""

    def changed(sample: bytes, changes: list[tuple[int, int]], cut: int, more: bytes) -> bytes:
        data = bytearray(sample)
        for place, value in changes:
            data[place % len(data)] = value
        return bytes(data[: cut or None]) + more

    changes = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3)
    cut = st.integers(0, max(map(len, samples)))
    like = st.builds(changed, st.sampled_from(samples), changes, cut, st.binary(max_size=20))
    return st.sampled_from(samples) | like | st.binary(max_size=200)


# ---- servers as a test plays them ----


@contextmanager
def playing(play: Callable[[socket.socket, threading.Event], object]) -> Iterator[str]:
    """A server that does with its one connection what the test wants.

    Args:
        play: given the connection, and an event that is set when the block ends.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as sock:
            sock.settimeout(PATIENCE)
            play(sock, stop)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        with contextlib.suppress(OSError):  # wakes an accept that nobody came for
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def answering(*answers: bytes | None, linger: bool = False) -> Iterator[str]:
    """A server that says these one after another, each after it was sent something.

    What stands behind a None is said without being asked. Then comes the end, or a long silence
    with ``linger``.
    """

    def play(sock: socket.socket, stop: threading.Event) -> None:
        unasked = False
        for answer in answers:
            if answer is None:
                unasked = True
                continue
            if not unasked and not sock.recv(65536):
                return
            unasked = False
            sock.sendall(answer)
        if linger:
            stop.wait(PATIENCE)

    with playing(play) as place:
        yield place
