"""Tables of rules in a file: processes share them, and they are there after a restart."""

from __future__ import annotations

import http.client
import json
import signal
from pathlib import Path
from typing import Any

from kit.running_site import RunningSite, running_site, service

RULE = """
on.request(function(req)
  if req.path == "/nothing" then
    return respond(204)
  end
  if req.path == "/count" then
    return respond(200, tostring(tables.hits:incr(req.args.key or "all")))
  end
  if not tables.hits:take("bucket", 0.001, 5) then
    return respond(429, "too many")
  end
  return respond(200, tostring(tables.hits:get("all") or "none"))
end)
"""


def asked(site: RunningSite, path: str) -> tuple[int, str]:
    client = http.client.HTTPConnection(*site.place(), timeout=20)
    client.request("GET", path)
    answer = client.getresponse()
    told = answer.status, answer.read().decode()
    client.close()
    return told


def asked_and_seen(site: RunningSite, path: str) -> tuple[int, str]:
    """The same, and what it has changed is seen by others: they see it a turn of its loop later."""
    told = asked(site, path)
    assert asked(site, "/nothing")[0] == 204
    return told


def test_two_processes_count_together_and_go_on_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "count.lua").write_text(RULE)
    table = {"kind": "lmdb", "path": str(tmp_path / "shared")}
    more: dict[str, Any] = {"rule_tables": {"hits": {"table": table}}}
    counting = service("127.0.0.1:1", rules=[str(tmp_path / "count.lua")])
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        running_site(folders[0], more=more, site=counting) as one,
        running_site(folders[1], more=more, site=counting) as two,
    ):
        for _ in range(20):
            asked_and_seen(one, "/count")
            asked_and_seen(two, "/count")
        assert asked(two, "/count") == (200, "41")
        taken = [asked_and_seen(site, "/take")[0] for site in (one, two) * 4]
        assert taken.count(200) == 5, taken
    with running_site(folders[0], more=more, site=counting) as again:
        assert asked(again, "/count") == (200, "42")
        assert asked(again, "/take") == (429, "too many")


def test_a_reload_keeps_what_is_counted(tmp_path: Path) -> None:
    (tmp_path / "count.lua").write_text(RULE)
    more: dict[str, Any] = {"state_dir": str(tmp_path / "state")}
    more["rule_tables"] = {"hits": {"table": "lmdb"}}
    counting = service("127.0.0.1:1", rules=[str(tmp_path / "count.lua")])
    with running_site(tmp_path, more=more, site=counting) as site:
        assert asked(site, "/count") == (200, "1")
        path = tmp_path / "site.yaml"
        config = json.loads(path.read_text())
        for revision, kept in enumerate(({"table": "lmdb", "ttl": "1h"}, {}, {}), 2):
            config["rule_tables"] = {"hits": kept}
            config["defaults"]["timeouts"]["idle"] = f"{revision}m"
            path.write_text(json.dumps(config))
            site.program.signal(signal.SIGHUP)
            site.program.until(rf"revision {revision} is in force")
            expected = {2: "2", 3: "1", 4: "2"}[revision]  # another kind of table is another one
            assert asked(site, "/count") == (200, expected)
