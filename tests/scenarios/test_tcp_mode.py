"""tcp mode: protocols that pointsman does not know, and servers that speak first."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.plays import Conversation, echoing
from kit.programs import path_of_program
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import Place, eventually, running_site, service
from kit.sockets import reset

BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"


def speaking_first(conversation: Conversation) -> None:
    """Greet before the client has said anything, then say its version back, and end."""
    conversation.send(BANNER)
    version = conversation.receive()
    conversation.send(b"you are " + version)


def answering_at_the_end(conversation: Conversation) -> None:
    """Say how much came, when the client has ended its sending side."""
    while conversation.receive():
        pass
    conversation.send(b"%d bytes" % len(conversation.received))


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Start a Redis and tell its port."""
    program = path_of_program("redis-server", package="redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: listens(("127.0.0.1", port)))
            yield port
        finally:
            process.kill()


def listens(place: Place) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(place) == 0


def test_redis_answers(tmp_path: Path) -> None:
    with (
        redis(tmp_path) as port,
        running_site(tmp_path, site=service(f"127.0.0.1:{port}", mode="tcp")) as site,
        RawClient(site.place()) as client,
        RawClient(site.place()) as another,
    ):
        client.send(b"PING\r\n")
        assert client.until(b"\r\n") == b"+PONG\r\n"
        large = b"x" * 3_000_000
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%b\r\n" % (len(large), large))
        assert client.until(b"\r\n") == b"+OK\r\n"
        another.send(b"GET k\r\n" * 2)
        for _ in range(2):
            assert another.take(len(large) + 12) == b"$3000000\r\n" + large + b"\r\n"
        client.send(b"PING\r\n" * 1000)
        assert client.take(7000) == b"+PONG\r\n" * 1000
        client.send(b"QUIT\r\n")
        assert client.rest() == b"+OK\r\n"
        client.sock.close()
        record = site.record_of(None)
        assert record["termination"] == "ok"
        assert record["bytes_out"] == len(b"+PONG\r\n") * 1001 + len(b"+OK\r\n") * 2


def test_redis_cli_works(tmp_path: Path) -> None:
    program = path_of_program("redis-cli", package="redis-tools")
    with (
        redis(tmp_path) as port,
        running_site(tmp_path, site=service(f"127.0.0.1:{port}", mode="tcp")) as site,
    ):
        command = [program, "-p", str(site.place()[1]), "ECHO", "hello"]
        done = subprocess.run(command, capture_output=True, timeout=30, check=True)
        assert done.stdout == b"hello\n"


def test_a_server_that_speaks_first_is_heard_at_once(tmp_path: Path) -> None:
    with (
        real_server(speaking_first) as server,
        running_site(tmp_path, site=service(server.address, mode="tcp")) as site,
        RawClient(site.place()) as client,
    ):
        assert client.until(b"\r\n") == BANNER
        client.send(b"SSH-2.0-test\r\n")
        assert client.rest() == b"you are SSH-2.0-test\r\n"
        client.sock.close()  # until then the client could go on: its own side is not ended
        record = site.record_of(None)
        assert (record["bytes_in"], record["bytes_out"]) == (14, len(BANNER) + 22)


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_client_that_ends_its_sending_side_gets_its_answer(size: int, tmp_path: Path) -> None:
    with (
        real_server(answering_at_the_end) as server,
        running_site(tmp_path, site=service(server.address, mode="tcp")) as site,
        RawClient(site.place()) as client,
    ):
        client.send(b"x" * size)
        client.finish()
        assert client.rest() == b"%d bytes" % size


def test_an_echo_is_whole_and_its_end_comes_after_it(tmp_path: Path) -> None:
    with (
        real_server(echoing) as server,
        running_site(tmp_path, site=service(server.address, mode="tcp")) as site,
    ):
        with RawClient(site.place()) as client:
            for size in (1, 1000, 100_000):
                client.send(b"y" * size)
                assert client.take(size) == b"y" * size
            client.finish()
            assert client.rest() == b""
        assert site.record_of(None)["termination"] == "ok"
        client = RawClient(site.place())
        client.send(b"hello")
        client.until(b"hello")
        reset(client.sock)
        server.until(lambda: server.conversations[-1].ended)


def test_where_no_server_listens_the_client_is_let_go(tmp_path: Path) -> None:
    with real_server() as server:
        server.refuse()
        with (
            running_site(tmp_path, site=service(server.address, mode="tcp")) as site,
            RawClient(site.place()) as client,
        ):
            assert client.rest() == b""
            assert site.record_of(None)["termination"] == "connect_failed"
        server.listen()
