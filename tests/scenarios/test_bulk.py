"""Large bodies arrive whole, both ways and in both modes, and the program stays small."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.bulk import BulkServer, Sending, digest_of, receive_bulk
from kit.kernel import MIB, forget_peak, most_in_buffers, peak_resident
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import RunningSite, running_site, service

GROWTH = 8 * MIB
# The most that the kernel holds between two ends that wait: in the buffers of four sockets and, in
# tcp mode, in a pipe.
IN_KERNEL = 2 * most_in_buffers() + 2 * MIB
SIZE = max(64 * MIB, IN_KERNEL + 32 * MIB)

MODES = ["http", "tcp"]
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"


class Bulk(NamedTuple):
    """A virtual service for bulk, and its server."""

    running: RunningSite
    server: BulkServer
    mode: str

    def connect(self) -> RawClient:
        return RawClient(self.running.place(self.mode))

    def ask(self, client: RawClient) -> bytes:
        """Ask for the body; what has come of it with the head."""
        if self.mode == "tcp":
            client.send(b"G")
            return b""
        client.send(GET)
        return client.until(b"\r\n\r\n").partition(b"\r\n\r\n")[2]

    def offer(self, client: RawClient) -> None:
        """Say that the body is to follow."""
        client.send(POST % self.server.size if self.mode == "http" else b"P")

    def told(self, client: RawClient) -> str:
        """Read the digest of what the server was sent."""
        answer = b""
        if self.mode == "http":
            answer = client.until(b"\r\n\r\n").partition(b"\r\n\r\n")[2]
        while len(answer) < 64:
            more = client.sock.recv(64)
            assert more, "the server has told nothing"
            answer += more
        return answer.decode()


@contextmanager
def started(folder: Path, size: int) -> Iterator[dict[str, Bulk]]:
    """Run one program with a service of each mode."""
    servers = {mode: BulkServer(size) for mode in MODES}
    with ExitStack() as stack:
        http = stack.enter_context(real_server(servers["http"].http))
        tcp = stack.enter_context(real_server(servers["tcp"].bare))
        services = {"http": service(http.address), "tcp": service(tcp.address, mode="tcp")}
        running = stack.enter_context(running_site(folder, **services))
        yield {mode: Bulk(running, servers[mode], mode) for mode in MODES}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bulk]]:
    with started(tmp_path_factory.mktemp("bulk"), SIZE) as bulk:
        yield bulk


@pytest.fixture(scope="module")
def large_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bulk]]:
    with started(tmp_path_factory.mktemp("bulk"), 1024 * MIB) as bulk:
        yield bulk


@contextmanager
def staying_small(pid: int) -> Iterator[None]:
    before = forget_peak(pid)
    yield
    grown = peak_resident(pid) - before
    assert grown <= GROWTH, f"{grown / MIB:.1f} MiB"


def download(bulk: Bulk) -> None:
    with bulk.connect() as client:
        with staying_small(bulk.running.pid):
            digest = receive_bulk(client.sock, bulk.server.size, bulk.ask(client))
        assert digest == digest_of(bulk.server.size)


def upload(bulk: Bulk) -> None:
    with bulk.connect() as client:
        with staying_small(bulk.running.pid):
            bulk.offer(client)
            Sending(bulk.server.size).to(client.sock)
            digest = bulk.told(client)
        assert digest == digest_of(bulk.server.size)


@pytest.mark.parametrize("pass_on", [download, upload])
@pytest.mark.parametrize("mode", MODES)
def test_at_least_64_mib(mode: str, pass_on: Callable[[Bulk], None], site: dict[str, Bulk]) -> None:
    pass_on(site[mode])


@pytest.mark.slow
@pytest.mark.parametrize("pass_on", [download, upload])
@pytest.mark.parametrize("mode", MODES)
def test_1_gib(mode: str, pass_on: Callable[[Bulk], None], large_site: dict[str, Bulk]) -> None:
    pass_on(large_site[mode])


@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_reads_in_bursts_slows_the_server(mode: str, site: dict[str, Bulk]) -> None:
    bulk = site[mode]
    bulk.server.sending = Sending(bulk.server.size)
    with bulk.connect() as client:
        with staying_small(bulk.running.pid):
            begun = bulk.ask(client)
            for _ in range(3):
                assert bulk.server.sending.stalled() - len(begun) < IN_KERNEL
                begun += client.sock.recv(MIB)
            digest = receive_bulk(client.sock, bulk.server.size, begun)
        assert digest == digest_of(bulk.server.size)


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_does_not_read_slows_the_client(mode: str, site: dict[str, Bulk]) -> None:
    bulk = site[mode]
    bulk.server.reads.clear()
    sending = Sending(bulk.server.size)
    with bulk.connect() as client:
        sender = threading.Thread(target=sending.to, args=(client.sock,), daemon=True)
        with staying_small(bulk.running.pid):
            bulk.offer(client)
            sender.start()
            assert sending.stalled() < IN_KERNEL
            bulk.server.reads.set()
            digest = bulk.told(client)
        sender.join(30)
        assert digest == digest_of(bulk.server.size)
