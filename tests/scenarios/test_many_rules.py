"""A thousand services, each with a rule of its own, need no great machine."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from kit.child_programs import pointsman

SERVICES = 1000
MOST_KIB = 300 * 1024

RULE = """\
on.request(function(req, ctx)
  if tables.hits:incr(req.client.ip, 1, "10s") > 1000000 then return respond(429) end
  req.headers["x-service"] = "{number}"
  return respond(200, "service {number}")
end)
"""


def site(folder: Path) -> Path:
    """A thousand services, and their rules."""
    lines = ["version: 1", "rule_tables: {hits: {}}", "pools:"]
    lines += ["  web: {health: none, servers: {a: 127.0.0.1:9}}", "virtual_services:"]
    for number in range(SERVICES):
        (folder / f"{number}.lua").write_text(RULE.replace("{number}", str(number)))
        lines += [f"  service {number}:", "    listen: 127.0.0.1:0", "    pool: web"]
        lines.append(f"    rules: [{number}.lua]")
    path = folder / "site.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def resident(pid: int) -> int:
    """KiB of memory that a process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("the kernel tells no VmRSS")


@pytest.mark.slow
def test_a_thousand_services_with_a_rule_each_fit_into_300_mib(tmp_path: Path) -> None:
    with pointsman("run", str(site(tmp_path))) as program:
        ports = [
            int(program.until(rf"service {number} listens on 127.0.0.1:(\d+)")[1])
            for number in (0, SERVICES - 1)
        ]
        for number, port in zip((0, SERVICES - 1), ports, strict=True):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            client.request("GET", "/")
            assert client.getresponse().read() == f"service {number}".encode()
            client.close()
        used = resident(program.process.pid)
    assert used < MOST_KIB, f"{used} KiB"
