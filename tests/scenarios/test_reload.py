"""Many reloads under load: no request fails, and nothing is left behind by any of them."""

from __future__ import annotations

import json
import re
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kit.child_programs import ChildProgram, pointsman
from kit.kernel import MIB, resident
from kit.nginx import Load, Nginx, load_of, nginx, wrk
from kit.programs import NeedsProgram
from kit.running_site import eventually
from kit.tls_site import LEAF, NAME, ROOT, sections, write_private

MOST_SECONDS = 600
CALM = 5  # reloads until everything has been made that is made once


RULE = """\
on.response(function(req, res)
  res.headers["x-lua"] = "NUMBER " .. tables.seen:incr(req.client.ip, 1, "10s")
end)
"""


class Site:
    """A running program, and what is written into its file from one reload to the next.

    Attributes:
        servers: real servers that answer all the time.
    """

    def __init__(self, folder: Path, servers: list[Nginx]) -> None:
        self.folder = folder
        self.servers = servers
        self.path = folder / "site.yaml"
        self.program: ChildProgram | None = None
        self.reloads = 0
        self.certificates = sections(folder)
        self.leaves = [LEAF, *(ROOT.leaf(NAME, "127.0.0.1") for _ in range(2))]

    def config(self, number: int) -> dict[str, Any]:
        """What is in force after so many reloads: no two in a row are alike."""
        names = ["a", "b", "c"][: 2 + number % 2]
        servers = {
            name: {"address": server.address, "weight": 100 + 10 * (number % 7)}
            for name, server in zip(names, self.servers, strict=False)
        }
        pool: dict[str, Any] = {"scheduling": "round_robin", "health": "none", "servers": servers}
        if number % 4 == 3:
            pool["scheduling"] = "least_connections"
        services: dict[str, Any] = {
            "plain": {"listen": "127.0.0.1:0", "pool": "shared"},
            "safe": {
                "listen": "127.0.0.1:0",
                "pool": "shared",
                "tls": {"mode": "offload", "certificates": "pool"},
            },
        }
        if number % 3:
            services[f"guest {number % 5}"] = {"listen": "127.0.0.1:0", "pool": pool}
        if number % 5 == 2:
            services["plain"]["timeouts"] = {"idle": f"{30 + number}s"}
            services["safe"]["limits"] = {"header_count": 100}
        if number % 6 == 1:
            services["safe"]["tls"]["hsts"] = True
        for service in services.values():
            service["rules"] = [
                {"response_headers": {"set": {"X-Yaml": str(number // 2)}}},
                "rule.lua",
            ]
        return {
            "version": 1,
            "defaults": {"timeouts": {"drain": "0s"}},
            "pools": {"shared": pool},
            "rule_tables": {"seen": {"size": 1000}},
            "virtual_services": services,
            **self.certificates,
        }

    def write_rule(self, number: int) -> None:
        """Another rule in Lua every third time."""
        text = RULE.replace("NUMBER", str(number // 3))
        (self.folder / "rule.lua").write_text(text)

    def write(self, config: dict[str, Any]) -> None:
        self.path.write_text(json.dumps(config))

    def reload(self) -> None:
        """Write the next configuration and have it read."""
        assert self.program is not None
        self.reloads += 1
        if self.reloads % 2:
            leaf = self.leaves[self.reloads // 2 % len(self.leaves)]
            write_private(self.folder / "pool.pem", leaf.pem)
        self.write_rule(self.reloads)
        self.write(self.config(self.reloads))
        self.hup()
        self.program.until(rf"revision {self.reloads + 1} is in force")

    def hup(self) -> None:
        assert self.program is not None
        self.program.signal(signal.SIGHUP)

    def port(self, name: str) -> int:
        assert self.program is not None
        found = re.findall(rf"\b{name} listens on 127.0.0.1:(\d+)", self.program.output)
        return int(found[-1])

    @property
    def descriptors(self) -> int:
        assert self.program is not None
        return len([*Path(f"/proc/{self.program.process.pid}/fd").iterdir()])


@pytest.fixture
def site(tmp_path: Path, needs_program: NeedsProgram) -> Any:
    needs_program("wrk", package="wrk")
    needs_program("nginx", package="nginx-light")
    with ExitStack() as stack:
        servers = [stack.enter_context(nginx(tmp_path, name)) for name in "abc"]
        made = Site(tmp_path, servers)
        made.write_rule(0)
        made.write(made.config(0))
        made.program = stack.enter_context(pointsman("run", str(made.path)))
        made.program.until("safe listens on ")
        yield made


@pytest.mark.parametrize("reloads", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_no_request_fails_and_nothing_grows(site: Site, reloads: int) -> None:
    program = site.program
    assert program is not None
    urls = [f"{way}://127.0.0.1:{site.port(name)}/name" for way, name in
            (("http", "plain"), ("https", "safe"))]  # fmt: skip
    runs = [wrk(url, seconds=MOST_SECONDS, connections=8) for url in urls]
    memory = descriptors = 0
    loads: list[Load] = []
    try:
        for number in range(reloads):
            site.reload()
            if number == CALM:
                memory, descriptors = resident(program.process.pid), site.descriptors
        assert [run.poll() for run in runs] == [None, None], "all of it was to be under load"
    finally:
        for run in runs:
            run.send_signal(signal.SIGINT)  # it stops and tells what it has seen
        loads = [load_of(run) for run in runs]
    for load in loads:
        assert load.errors == 0, load.output
        assert load.requests > 10 * reloads
    # The last connections of guests and clients end, then the descriptors are as few as before.
    eventually(lambda: site.descriptors <= descriptors)
    assert resident(program.process.pid) - memory < 8 * MIB
    assert "Traceback" not in program.output, program.output
    program.signal()
    assert program.wait() == 0
