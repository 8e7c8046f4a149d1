"""nginx as a real server, and wrk as its clients."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit.programs import path_of_program
from kit.running_site import eventually

PATIENCE = 30.0  # seconds

CONFIG = """\
{user}daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    keepalive_requests {keepalive_requests};
    {temp_paths}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        add_header X-Server {name};
        root {folder}/files;
        default_type application/octet-stream;
        location = /name {{ return 200 "{name}\\n"; }}
    }}
}}
"""


class Nginx:
    """One nginx of one process.

    Attributes:
        files: folder of what it serves; beside that, `/name` answers with its name.
        process: as the standard library knows it.
    """

    def __init__(self, folder: Path, name: str, keepalive_requests: int) -> None:
        self.name = name
        self.folder = folder / name
        self.files = self.folder / "files"
        self.files.mkdir(parents=True)
        self._nginx = path_of_program("nginx", package="nginx-light")
        self._keepalive_requests = keepalive_requests
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._configure()
        self.start()

    def start(self) -> None:
        """Start it, again on the same port after `kill`, and wait until it listens."""
        self.process = subprocess.Popen(
            [self._nginx, "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._listens)

    def _listens(self) -> bool:
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def address(self) -> str:
        """As a configuration names it."""
        return f"127.0.0.1:{self.port}"

    @property
    def requests(self) -> int:
        """How many requests it has logged."""
        return (self.folder / "access.log").read_bytes().count(b"\n")

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def _configure(self) -> None:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        config = CONFIG.format(
            # As root, nginx would drop to a user who may not read our temporary folder.
            user="user root;\n" if os.geteuid() == 0 else "",
            folder=self.folder,
            keepalive_requests=self._keepalive_requests,
            temp_paths=" ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds),
            port=self.port,
            name=self.name,
        )
        (self.folder / "nginx.conf").write_text(config)


@contextmanager
def nginx(folder: Path, name: str, *, keepalive_requests: int = 100_000) -> Iterator[Nginx]:
    """Start an nginx and end it with the block; without nginx, skip the test."""
    server = Nginx(folder, name, keepalive_requests)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


@dataclass(frozen=True)
class Load:
    """What wrk has seen.

    Attributes:
        requests: answers that came.
        errors: connections or answers that failed, answers of status 4xx and 5xx.
        output: its own words.
    """

    requests: int
    errors: int
    output: str


def wrk(url: str, *, seconds: int, connections: int = 16) -> subprocess.Popen[str]:
    """Start wrk; `load_of` waits for it."""
    program = path_of_program("wrk", package="wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", url]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def load_of(process: subprocess.Popen[str]) -> Load:
    """Wait for wrk and read what it says."""
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
    requests = re.search(r"(\d+) requests in", output)
    assert requests is not None, output
    errors = re.findall(r"(?:connect|read|write|timeout) (\d+)", output)
    errors += re.findall(r"Non-2xx or 3xx responses: (\d+)", output)
    return Load(int(requests[1]), sum(map(int, errors)), output)
