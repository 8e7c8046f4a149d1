"""Large bodies through TLS on both sides: whole, in bounded memory, at the pace of the slower."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.bulk import BulkServer, Sending, digest_of, receive_bulk
from kit.kernel import MIB, forget_peak, most_in_buffers, peak_resident
from kit.real_servers import real_server
from kit.running_site import RunningSite, running_site, service
from kit.tls_site import NAME, TlsClient, over_tls, sections

GROWTH = 8 * MIB
IN_KERNEL = 2 * most_in_buffers() + 2 * MIB
SIZE = max(64 * MIB, IN_KERNEL + 32 * MIB)
GET = b"GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: pool.example\r\nContent-Length: %d\r\n\r\n"


class Bulk(NamedTuple):
    """A service that re-encrypts, and its server."""

    running: RunningSite
    server: BulkServer

    def connect(self) -> TlsClient:
        return TlsClient(self.running.place())

    def told(self, client: TlsClient) -> str:
        """Read the digest of what the server was sent."""
        answer = client.until(b"\r\n\r\n").partition(b"\r\n\r\n")[2]
        return (answer + client.take(64 - len(answer))).decode()


@contextmanager
def started(folder: Path, size: int) -> Iterator[Bulk]:
    server = BulkServer(size)
    tls = {
        "mode": "reencrypt",
        "certificates": "pool",
        "upstream": {"verify": "root", "name": NAME},
    }
    with ExitStack() as stack:
        real = stack.enter_context(real_server(over_tls(server.http)))
        running = stack.enter_context(
            running_site(folder, more=sections(folder), site=service(real.address, tls=tls))
        )
        yield Bulk(running, server)


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bulk]:
    with started(tmp_path_factory.mktemp("tls"), SIZE) as bulk:
        with bulk.connect() as client:  # what is allocated once is no growth
            receive_bulk(client.sock, SIZE, head_of(client))
        yield bulk


@contextmanager
def staying_small(bulk: Bulk) -> Iterator[None]:
    before = forget_peak(bulk.running.pid)
    yield
    grown = peak_resident(bulk.running.pid) - before
    assert grown <= GROWTH, f"{grown / MIB:.1f} MiB"


def head_of(client: TlsClient) -> bytes:
    """Ask for the body; what has come of it with the head."""
    client.send(GET)
    return client.until(b"\r\n\r\n").partition(b"\r\n\r\n")[2]


def download(bulk: Bulk) -> None:
    with bulk.connect() as client, staying_small(bulk):
        digest = receive_bulk(client.sock, bulk.server.size, head_of(client))
    assert digest == digest_of(bulk.server.size)


def upload(bulk: Bulk) -> None:
    with bulk.connect() as client, staying_small(bulk):
        client.send(POST % bulk.server.size)
        Sending(bulk.server.size).to(client.sock)
        digest = bulk.told(client)
    assert digest == digest_of(bulk.server.size)


def download_in_bursts(bulk: Bulk) -> None:
    bulk.server.sending = Sending(bulk.server.size)
    with bulk.connect() as client, staying_small(bulk):
        begun = head_of(client)
        for _ in range(3):
            assert bulk.server.sending.stalled() - len(begun) < IN_KERNEL
            begun += client.take(MIB)
        digest = receive_bulk(client.sock, bulk.server.size, begun)
    assert digest == digest_of(bulk.server.size)


def upload_to_a_server_that_waits(bulk: Bulk) -> None:
    bulk.server.reads.clear()
    sending = Sending(bulk.server.size)
    with bulk.connect() as client, staying_small(bulk):
        sender = threading.Thread(target=sending.to, args=(client.sock,), daemon=True)
        client.send(POST % bulk.server.size)
        sender.start()
        assert sending.stalled() < IN_KERNEL
        bulk.server.reads.set()
        sender.join(120)
        digest = bulk.told(client)
    assert digest == digest_of(bulk.server.size)


@pytest.mark.parametrize("pass_on", [download, upload])
def test_at_least_64_mib(pass_on: Callable[[Bulk], None], bulk: Bulk) -> None:
    pass_on(bulk)


@pytest.mark.slow
@pytest.mark.parametrize(
    "pass_on", [download, upload, download_in_bursts, upload_to_a_server_that_waits]
)
def test_1_gib(pass_on: Callable[[Bulk], None], tmp_path: Path) -> None:
    with started(tmp_path, 1024 * MIB) as bulk:
        pass_on(bulk)


def test_a_client_that_reads_in_bursts_slows_the_server(bulk: Bulk) -> None:
    download_in_bursts(bulk)


def test_a_server_that_does_not_read_slows_the_client(bulk: Bulk) -> None:
    upload_to_a_server_that_waits(bulk)


def test_a_client_that_never_reads_stops_nobody(bulk: Bulk) -> None:
    with bulk.connect() as deaf:
        deaf.send(GET)
        download(bulk)
        upload(bulk)
