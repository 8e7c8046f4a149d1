"""A program that may open few files: clients that do nothing keep nobody out who was let in."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from pathlib import Path

from kit.child_programs import started
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import service

FILES = 80
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HEALTH = {"kind": "tcp", "interval": "1s", "timeout": "1s", "retries": 0}


def test_who_was_let_in_is_served_and_no_server_is_blamed(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    with real_server() as a, real_server() as b, contextlib.ExitStack() as idle:
        pool = {"health": HEALTH, "outliers": {"errors": 2}, "scheduling": "round_robin"}
        site = {
            "version": 1,
            "virtual_services": {"site": service(a.address, b.address, pool=pool)},
        }
        path.write_text(json.dumps(site))
        run = f'ulimit -n {FILES}; exec "$0" -m pointsman run "$1"'
        with started("sh", "-c", run, sys.executable, str(path)) as program:
            place = ("127.0.0.1", int(program.until(r"site listens on [\d.]+:(\d+)")[1]))
            program.until(r"(?s)site/[ab] is up.*site/[ab] is up")
            busy = [idle.enter_context(RawClient(place)) for _ in range(10)]
            for client in busy:
                client.ask(GET)
            for _ in range(FILES):
                idle.enter_context(socket.create_connection(place, 30))
            program.until("new clients have to wait")
            for _ in range(5):
                for client in busy:
                    client.send(GET)
                for client in busy:
                    client.until(b"hello")
            idle.close()
            with RawClient(place) as late:
                late.ask(GET)
            for server in (a, b):
                before = len(server.conversations)
                server.until(lambda s=server, n=before: len(s.conversations) > n)  # type: ignore[misc]
            program.signal()
            assert program.wait() == 0
            assert "ejected" not in program.output
            assert "is down" not in program.output
