"""The load: wrk's words, and connections that wait."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.cases import CASES, LoadCase
from bench.failure import RivalFailed
from bench.load import Load, idle_connections, parsed, source_address, still_open, wrk_command
from bench.processes import LOOPBACK

from bench import load

REPORT = """\
Running 1s test @ http://127.0.0.1:8080/small
  1 threads and 64 connections
  28716 requests in 1.00s, 9.61MB read
Requests/sec:  28700.00
"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx\n"


def test_a_good_report_is_read() -> None:
    assert parsed(REPORT) == Load(28716, 0)


def test_every_kind_of_error_counts() -> None:
    errors = "  Socket errors: connect 1, read 20, write 0, timeout 3\n"
    errors += "  Non-2xx or 3xx responses: 400\n"
    assert parsed(REPORT + errors) == Load(28716, 424)


def test_what_is_no_report_is_none() -> None:
    assert parsed("unable to connect to 127.0.0.1:1 Connection refused") is None


def test_the_command_says_what_the_case_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "wrk", lambda: "/usr/bin/wrk")
    case = CASES["l7-post-4KiB"]
    assert isinstance(case, LoadCase)
    command = wrk_command(case, 8080, 3, tmp_path)
    assert command[:4] == ["/usr/bin/wrk", "-t1", "-c64", "-d3s"]
    assert command[-1] == "http://127.0.0.1:8080/post"
    assert "POST" in Path(command[command.index("-s") + 1]).read_text()


def test_no_source_address_runs_out_of_ports() -> None:
    addresses = [source_address(number) for number in range(10_000)]
    assert len(set(addresses)) == 10
    assert max(addresses.count(address) for address in set(addresses)) <= 1000


def answer_all(
    listener: socket.socket, count: int, answer: bytes, held: list[socket.socket]
) -> None:
    for _ in range(count):
        connection, _ = listener.accept()
        held.append(connection)
        connection.settimeout(10)
        # Who is refused gives up its other connections as well, answered or not.
        with contextlib.suppress(ConnectionError):
            connection.recv(4096)
            connection.sendall(answer)


@contextlib.contextmanager
def server_of(count: int, answer: bytes) -> Iterator[tuple[int, list[socket.socket]]]:
    """Answer some connections once each, and hold them; yields the port and what is held."""
    held: list[socket.socket] = []
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(10)
        server = threading.Thread(target=answer_all, args=(listener, count, answer, held))
        server.start()
        try:
            yield listener.getsockname()[1], held
        finally:
            server.join(20)
            for connection in held:
                connection.close()


def test_idle_connections_are_answered_and_held_open() -> None:
    with server_of(3, ANSWER) as (port, held), idle_connections(port, 3) as connections:
        assert still_open(connections) == 3
        held[2].close()
        # The end arrives at once on loopback, but not within the same instant.
        connections[2].settimeout(10)
        assert connections[2].recv(1, socket.MSG_PEEK) == b""
        assert still_open(connections) == 2


def test_an_idle_connection_that_is_refused_an_answer_is_reported() -> None:
    with (
        server_of(3, b"HTTP/1.1 503 No\r\n\r\n") as (port, _),
        pytest.raises(RivalFailed, match="503"),
        idle_connections(port, 3),
    ):
        pass
