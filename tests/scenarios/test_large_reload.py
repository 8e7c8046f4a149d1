"""A thousand services change, and traffic hardly feels it."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.child_programs import ChildProgram, pointsman
from kit.nginx import Nginx, nginx
from kit.programs import NeedsProgram

SERVICES = 1000
ROUNDS = 6
MOST_SECONDS = 2.0  # of processor time
LONGEST_WAIT = 0.05  # seconds


def site(server: Nginx, weights: list[int]) -> str:
    """A thousand services, each with a pool of two servers."""
    lines = ["version: 1", "pools:"]
    for number, weight in enumerate(weights):
        lines += [
            f"  pool {number}:",
            "    health: none",
            "    servers:",
            f"      a: {{address: {server.address}, weight: {weight}}}",
            f"      b: {server.address.replace('127.0.0.1', '127.0.0.2')}",
        ]
    lines.append("virtual_services:")
    for number in range(len(weights)):
        lines += [f"  service {number}:", "    listen: 127.0.0.1:0", f"    pool: pool {number}"]
    return "\n".join(lines) + "\n"


def processor_time(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Ticking(threading.Thread):
    """A client that asks again and again, and notes how long it waits."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self.stopped = False
        self._port = port

    def run(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self.stopped:
            began = time.perf_counter()
            client.request("GET", "/name")
            assert client.getresponse().read()
            self.longest = max(self.longest, time.perf_counter() - began)
            time.sleep(0.002)
        client.close()


@pytest.fixture
def server(tmp_path: Path, needs_program: NeedsProgram) -> Iterator[Nginx]:
    needs_program("nginx", package="nginx-light")
    with nginx(tmp_path, "a") as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize("changed", [5, SERVICES])
def test_traffic_goes_on_while_a_thousand_services_are_read(
    server: Nginx, tmp_path: Path, changed: int
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(site(server, [1000] * SERVICES))
    with pointsman("run", str(path)) as program:
        found = program.until(r"service 0 listens on 127.0.0.1:(\d+)")
        program.until(f"service {SERVICES - 1} listens")
        client = Ticking(int(found[1]))
        client.start()
        measured = [reloaded(program, path, server, client, changed, n) for n in range(ROUNDS)]
        client.stopped = True
        client.join(30)
    # Whatever else the machine does makes it slower: the least disturbed of them is the truth.
    assert min(seconds for seconds, _ in measured) < MOST_SECONDS, measured
    assert min(wait for _, wait in measured) < LONGEST_WAIT, measured


def reloaded(
    program: ChildProgram, path: Path, server: Nginx, client: Ticking, changed: int, number: int
) -> tuple[float, float]:
    """Seconds of processor time for one reload, traffic included; and the longest wait."""
    weights = [10 + number] * changed + [1000] * (SERVICES - changed)
    path.write_text(site(server, weights))
    client.longest, before = 0.0, processor_time(program.process.pid)
    program.signal(signal.SIGHUP)
    program.until(rf"revision {number + 2} is in force")
    return processor_time(program.process.pid) - before, client.longest
