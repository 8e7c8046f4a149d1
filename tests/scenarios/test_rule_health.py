"""A scripted health check at real servers: in and out, with TLS, and for a part of the weight."""

from __future__ import annotations

import http.client
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kit.plays import answering, polite
from kit.real_servers import real_server
from kit.running_site import eventually, running_site

RULE = """
on.health(function(server, probe)
  local answer, problem = probe:http{path = "/health"}
  if not answer then
    return down(problem)
  end
  tables.seen:set(server.name, answer.status)
  return answer.status == 200 and up("fine") or down("status " .. answer.status)
end)
"""


def test_servers_are_in_and_out_as_the_rule_says(tmp_path: Path) -> None:
    (tmp_path / "check.lua").write_text(RULE)
    (tmp_path / "who.lua").write_text(
        "on.response(function(req, res) res.headers['x-seen'] = tables.seen:get(res.server) end)"
    )
    with ExitStack() as stack:
        one, two = (stack.enter_context(real_server()) for _ in range(2))
        health = {"kind": "lua", "file": "check.lua", "interval": "1s", "timeout": "300ms",
                  "retries": 1}  # fmt: skip
        pool: dict[str, Any] = {
            "health": health,
            "scheduling": "round_robin",
            "servers": {"a": one.address, "b": two.address},
        }
        site = {"listen": "127.0.0.1:0", "pool": pool, "rules": ["who.lua"]}
        more: dict[str, Any] = {"rule_tables": {"seen": {}}}
        with running_site(tmp_path, more=more, site=site) as running:

            def asked() -> int:
                """How many servers have got some of these requests."""
                before = len(one.requests), len(two.requests)
                for _ in range(4):
                    client = http.client.HTTPConnection(*running.place(), timeout=20)
                    client.request("GET", "/name")
                    answer = client.getresponse()
                    answer.read()
                    seen.add(answer.getheader("X-Seen"))
                    client.close()
                names = [
                    [each for each in server.requests[count:] if each.head.startswith(b"GET /name")]
                    for server, count in zip((one, two), before, strict=True)
                ]
                return sum(map(bool, names))

            seen: set[str | None] = set()
            eventually(lambda: asked() == 2)
            one.plays = answering(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            eventually(lambda: asked() == 1)
            running.program.until("status 503")
            one.plays = polite
            eventually(lambda: asked() == 2)
            assert "200" in seen
