"""A program is told to stop while answers are on their way: they arrive whole, then it ends."""

import fcntl
import json
import socket
import struct
import termios
from pathlib import Path

import pytest

from kit.child_programs import ChildProgram, pointsman
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import eventually, service

CONFIG = """\
version: 1
access_log: {{to: {{file: {folder}/access.log}}}}
virtual_services:
  site:
    listen: 127.0.0.1:0
    mode: {mode}
    pool: {{health: none, servers: {{a: "127.0.0.1:{port}"}}}}
"""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


def received(stream: socket.socket, end: bytes) -> bytes:
    """Read until that comes; the stream's timeout bounds it."""
    found = b""
    while not found.endswith(end):
        more = stream.recv(65536)
        assert more, f"ended after {found!r}"
        found += more
    return found


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_what_is_under_way_ends_in_peace_and_nobody_new_is_let_in(
    mode: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        path = tmp_path / "site.yaml"
        port = server.getsockname()[1]
        path.write_text(CONFIG.format(folder=tmp_path, mode=mode, port=port))
        with pointsman("run", str(path)) as program:
            place = ("127.0.0.1", int(program.until(r"listens on 127\.0\.0\.1:(\d+)")[1]))
            with socket.create_connection(place, timeout=60) as client:
                client.sendall(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
                upstream, _ = server.accept()
                with upstream:
                    upstream.settimeout(60)
                    received(upstream, b"\r\n\r\n")
                    upstream.sendall(HEAD + b"first")
                    received(client, b"first")

                    program.signal()
                    program.until("draining")
                    with pytest.raises(ConnectionRefusedError):
                        socket.create_connection(place, timeout=60)
                    assert program.process.poll() is None

                    upstream.sendall(b"-last")
                    received(client, b"-last")
                if mode == "http":
                    assert client.recv(1) == b"", "a connection must not be kept while stopping"
            assert program.wait() == 0
    (told,) = map(json.loads, (tmp_path / "access.log").read_text().splitlines())
    assert told["termination"] == "ok"
    assert told["target"] == ("/slow" if mode == "http" else None)


def is_full(program: ChildProgram) -> bool:
    """Whether the pipe that the program's log is written to takes no further line."""
    assert program.process.stdout is not None
    pipe = program.process.stdout.fileno()
    told = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int(struct.unpack("i", told)[0]) > fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) * 3 // 4


def test_a_log_that_nobody_reads_holds_no_traffic_up(tmp_path: Path) -> None:
    crowd = {f"s{n}": f"127.0.1.{n % 250 + 1}:{n // 250 + 1}" for n in range(1000)}
    pool = {"health": "tcp", "servers": crowd}
    with real_server() as server:
        services = {
            "good": service(server.address),
            "crowd": {"listen": "127.0.0.1:0", "pool": pool},
        }
        path = tmp_path / "site.yaml"
        path.write_text(json.dumps({"version": 1, "virtual_services": services}))
        with pointsman("run", str(path)) as program:
            port = program.until(r"good listens on 127\.0\.0\.1:(\d+)")[1]
            # A thousand servers are down, and each of them is told of: more than a pipe holds.
            eventually(lambda: is_full(program))
            with RawClient(("127.0.0.1", int(port))) as client:
                for _ in range(10):
                    client.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            program.until(r"crowd/s999 is down")  # it was kept meanwhile
            program.signal()
            assert program.wait() == 0
