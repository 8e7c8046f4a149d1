"""The small real server: its page, its probes, its errors."""

import socket
import sys

from kit.child_programs import started

COMMAND = (sys.executable, "-m", "pointsman.app.demo.server", "red")


def asked(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(request + b" / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_it_counts_requests_but_no_probes_and_ends_on_a_signal() -> None:
    with started(*COMMAND, "0") as server:
        port = int(server.until(r"red listens on 127\.0\.0\.1:(\d+)\n")[1])
        assert asked(port, b"HEAD").startswith(b"HTTP/1.1 200 OK\r\n")
        assert asked(port, b"GET").endswith(b"red answers, request number 1\n")
        assert asked(port, b"GET").endswith(b"red answers, request number 2\n")
        server.signal()
        assert server.wait() in (0, -15)


def test_a_port_in_use_is_said_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(*COMMAND, port) as server:
            assert server.wait() == 3
            assert "Address already in use" in server.output
            assert "Traceback" not in server.output


def test_a_tethered_one_ends_with_whoever_started_it() -> None:
    with started(*COMMAND, "0", "--tethered") as server:  # its stdin is at its end at once
        server.until("listens on")
        assert server.wait() == 0
