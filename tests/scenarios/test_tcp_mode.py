"""tcp mode: protocols that pointsman does not know, and servers that speak first."""

from __future__ import annotations

import contextlib
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
from kit.running_site import Place, Record, RunningSite, eventually, running_site, service

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """One program with a service for each kind of server."""
    folder = tmp_path_factory.mktemp("tcp")
    with (
        real_server(speaking_first) as first,
        real_server(answering_at_the_end) as last,
        real_server(echoing) as echo,
        real_server() as nobody,
    ):
        nobody.refuse()
        servers = {"first": first, "last": last, "echo": echo, "nobody": nobody}
        services = {name: service(at.address, mode="tcp") for name, at in servers.items()}
        with running_site(folder, **services) as running:
            yield running
        nobody.listen()


def record(site: RunningSite, name: str) -> Record:
    """Wait for the record of the one tunnel of a service."""

    def found() -> list[Record]:
        return [record for record in site.records() if record["service"] == name]

    eventually(lambda: bool(found()))
    return found()[0]


@pytest.fixture(scope="module")
def redis_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    folder = tmp_path_factory.mktemp("redis")
    with (
        redis(folder) as port,
        running_site(folder, site=service(f"127.0.0.1:{port}", mode="tcp")) as running,
    ):
        yield running


def test_redis_answers(redis_site: RunningSite) -> None:
    place = redis_site.place()
    with RawClient(place) as client, RawClient(place) as another:
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
        told = record(redis_site, "site")
    assert told["termination"] == "ok"
    assert told["bytes_out"] == len(b"+PONG\r\n") * 1001 + len(b"+OK\r\n") * 2


def test_redis_cli_works(redis_site: RunningSite) -> None:
    program = path_of_program("redis-cli", package="redis-tools")
    command = [program, "-p", str(redis_site.place()[1]), "ECHO", "hello"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=True)
    assert done.stdout == b"hello\n"


def test_a_server_that_speaks_first_is_heard_at_once(site: RunningSite) -> None:
    with RawClient(site.place("first")) as client:
        assert client.until(b"\r\n") == BANNER
        client.send(b"SSH-2.0-test\r\n")
        assert client.rest() == b"you are SSH-2.0-test\r\n"
    # Until the client closes it could go on: its own side is not ended.
    told = record(site, "first")
    assert (told["bytes_in"], told["bytes_out"]) == (14, len(BANNER) + 22)


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_client_that_ends_its_sending_side_gets_its_answer(size: int, site: RunningSite) -> None:
    with RawClient(site.place("last")) as client:
        client.send(b"x" * size)
        client.finish()
        assert client.rest() == b"%d bytes" % size, record(site, "last")


def test_an_echo_is_whole_and_its_end_comes_after_it(site: RunningSite) -> None:
    with RawClient(site.place("echo")) as client:
        for size in (1, 1000, 100_000):
            client.send(b"y" * size)
            assert client.take(size) == b"y" * size
        client.finish()
        assert client.rest() == b""
    assert record(site, "echo")["termination"] == "ok"


def test_where_no_server_listens_the_client_is_let_go(site: RunningSite) -> None:
    # The reset may come before the client has so much as looked whether it is connected.
    with contextlib.suppress(ConnectionResetError), RawClient(site.place("nobody")) as client:
        assert client.rest() == b""
    assert record(site, "nobody")["termination"] == "connect_failed"
