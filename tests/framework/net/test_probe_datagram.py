"""Probes by UDP and by ping, against the kernel's own echo and servers that a test plays."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.any_reactor import settle, until
from kit.probing import attempt_once, probe_once, said
from kit.tree import TOP
from pointsman.contracts import OverDatagrams, OverPing, Probe, Verdict
from pointsman.core.health_report import Report
from pointsman.model.address import Address
from pointsman.model.server import RealServer


class EchoProbe:
    """Up if what comes is what was sent; what begins with a dot is not for us."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    def start(self) -> bytes:
        return self.payload

    def receive(self, data: bytes) -> Verdict | None:
        if data.startswith(b"."):
            return None
        return Verdict(data == self.payload, f"heard {data!r}")

    def closed(self) -> Verdict:
        raise AssertionError("nobody closes a datagram")


class Echo:
    describes = "echo"

    def __init__(self, over: OverDatagrams | OverPing, payload: bytes = b"hello") -> None:
        self._over = over
        self._payload = payload

    def probe(self, server: RealServer) -> Probe:
        return EchoProbe(self._payload)

    def over(self, server: RealServer) -> OverDatagrams | OverPing:
        return self._over


@contextmanager
def udp_server(
    answer: Callable[[bytes], list[bytes]], family: int = socket.AF_INET
) -> Iterator[str]:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    sock.bind((host, 0))
    sock.settimeout(10)

    def serve() -> None:
        with contextlib.suppress(OSError):
            data, peer = sock.recvfrom(65536)
            for reply in answer(data):
                sock.sendto(reply, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield str(Address(host, sock.getsockname()[1]))
    finally:
        # What ends a thread that still waits.
        with socket.socket(family, socket.SOCK_DGRAM) as other:
            other.sendto(b"end", sock.getsockname())
        thread.join(10)
        sock.close()


UDP = Echo(OverDatagrams())


def test_a_datagram_is_answered() -> None:
    with udp_server(lambda data: [b"", b".stray", data]) as place:
        report = probe_once(UDP, place)
    assert report.outcome.value == "bad"  # an empty datagram is an answer as well
    with udp_server(lambda data: [b".stray", data]) as place:
        report = probe_once(UDP, place)
    assert said(report) == ("good", "heard b'hello'")
    assert [step.what for step in report.steps] == ["connect", "sent", "received", "received"]
    assert report.steps[0].words == f"UDP to 127.0.0.1 port {place.rpartition(':')[2]}"


def test_it_works_on_every_reactor(any_reactor: Any) -> None:
    reports: list[Report] = []
    with udp_server(lambda data: [data]) as place:
        server = RealServer("a", Address.parse(place))
        attempt_once(any_reactor, UDP, server, 10.0).addCallback(reports.append)
        until(any_reactor, lambda: reports)
    assert said(reports[0]) == ("good", "heard b'hello'")
    settle(any_reactor)
    assert any_reactor.getReaders() == [*any_reactor._internalReaders]


def test_it_goes_by_ipv6_as_well() -> None:
    with udp_server(lambda data: [data], socket.AF_INET6) as place:
        assert said(probe_once(UDP, place)) == ("good", "heard b'hello'")


def test_nobody_there_is_told_by_icmp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    report = probe_once(UDP, place)
    words = "refused: nothing listens on that port"
    assert said(report) == ("bad", f"no answer to UDP from {place}: {words}")


def test_silence_is_silence() -> None:
    with udp_server(lambda data: []) as place:
        report = probe_once(UDP, place, timeout=0.2)
    assert said(report) == ("silent", "no answer within 200ms")


def test_a_stranger_is_not_heard() -> None:
    with udp_server(lambda data: []) as place:
        # The socket is connected: only its server can answer.
        report = probe_once(UDP, place, timeout=0.1)
    assert report.received_size == 0


def test_a_name_that_stands_for_nothing() -> None:
    report = probe_once(UDP, "no.such.example:53")
    assert said(report) == ("bad", "cannot reach no.such.example: the name does not resolve")


@pytest.mark.parametrize(
    "server",
    [
        RealServer("a", Address(path="/run/app.sock")),
        RealServer("a", endpoint="tcp:localhost:80"),
        RealServer("a", local="app"),
    ],
)
def test_what_has_no_address_cannot_be_asked(server: RealServer) -> None:
    report = probe_once(UDP, server)
    assert said(report) == ("unable", f"UDP needs an address, and has only {server.place}")


# ---- ping ----

PING = """
import sys
from kit.probing import probe_once
from test_probe_datagram import Echo, OverPing, RealServer, Address
for host in sys.argv[1:]:
    server = RealServer("a", Address(host, 80))
    report = probe_once(Echo(OverPing(), b"0123456789"), server, timeout=1.0)
    print(report.outcome.value, report.reason)
"""


def pinged(groups: str, *hosts: str) -> list[str]:
    """What pings come to in a network of our own, where these groups may ping; "" for nobody."""
    path = os.pathsep.join([str(Path(__file__).parent), str(TOP / "tests"), *sys.path])
    allow = "ip link set lo up"
    if groups:
        allow += f" && echo '{groups}' >/proc/sys/net/ipv4/ping_group_range"
    shell = ["unshare", "-rn", "sh", "-c", f'{allow} && exec "$@"', "sh"]
    done = subprocess.run(
        [*shell, sys.executable, "-c", PING, *hosts],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
    )
    if done.returncode and "Traceback" not in done.stderr:
        pytest.skip(f"no network of our own to be had here: {done.stderr.strip()}")
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.needs_program("unshare", package="util-linux")
@pytest.mark.needs_program("ip", package="iproute2")
def test_a_ping_comes_back() -> None:
    told = pinged("0 0", "127.0.0.1", "::1", "192.0.2.1")
    assert told[:2] == ["good heard b'0123456789'"] * 2
    assert told[2] == "bad no answer to ping from 192.0.2.1:80: Network is unreachable"


@pytest.mark.needs_program("unshare", package="util-linux")
@pytest.mark.needs_program("ip", package="iproute2")
def test_who_may_not_ping_is_told_what_to_do() -> None:
    (told,) = pinged("", "127.0.0.1")
    assert told.startswith("unable no answer to ping from 127.0.0.1:80: this program may not ping")
    assert "its group 0 is not in net.ipv4.ping_group_range, which is '" in told
    assert "sysctl -w net.ipv4.ping_group_range='0 2147483647'" in told
