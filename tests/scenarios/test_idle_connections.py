"""Connections that wait cost little: plain ones at most 6 KiB of memory each."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from kit.kernel import KIB, files_allowed, resident
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import RunningSite, running_site, service

EACH = 6 * KIB
# To open ten thousand connections may take minutes on a busy machine.
PATIENT = {"idle": "1h", "header": "1h", "upstream_idle": "1h"}
OTHER_FILES = 300  # of this process
COUNTS = [1_000, pytest.param(10_000, marks=pytest.mark.slow)]
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def connected(site: RunningSite, ask: bool) -> socket.socket:
    sock = socket.create_connection(site.place(), 30)
    if ask:
        asks(sock)
    return sock


def asks(sock: socket.socket) -> None:
    sock.sendall(GET)
    answer = b""
    while not answer.endswith(b"hello"):
        more = sock.recv(4096)
        assert more, "a connection was closed"
        answer += more


@pytest.mark.parametrize("ask", [True, False], ids=["after a request", "silent"])
@pytest.mark.parametrize("count", COUNTS)
def test_idle_clients_cost_little_memory(count: int, ask: bool, tmp_path: Path) -> None:
    with (
        files_allowed(count + OTHER_FILES) as enough,
        real_server() as server,
        running_site(tmp_path, site=service(server.address, timeouts=PATIENT)) as site,
        contextlib.ExitStack() as clients,
    ):
        if not enough:
            pytest.skip(f"the hard limit of open files is below {count + OTHER_FILES}: ulimit -Hn")
        with RawClient(site.place()) as client:
            for _ in range(100):
                client.ask(GET)
        for _ in range(100):
            clients.enter_context(connected(site, ask))
        before = resident(site.pid)
        idle = [clients.enter_context(connected(site, ask)) for _ in range(count)]
        with RawClient(site.place()) as last:
            last.ask(GET)  # whoever came before it has been accepted
        each = (resident(site.pid) - before) / count
        assert each <= EACH, f"{each / KIB:.1f} KiB"
        for sock in idle[:: count // 10]:
            asks(sock)
        assert len(server.conversations) <= 2, "idle clients hold connections to servers"
