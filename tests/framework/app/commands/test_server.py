"""``pointsman server`` beside a running program: what it sets, what it prints."""

from __future__ import annotations

from pathlib import Path

from kit.controlled_site import controlled_site

SITE = """\
pools:
  web: {health: none, servers: {a: 127.0.0.1:1, b: {address: 127.0.0.1:2, weight: 5}}}
  api: {health: none, servers: {a: 127.0.0.1:3}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
  other: {listen: "127.0.0.1:0", pool: api}
"""


def test_what_it_sets_and_prints(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        told = site.command("server", "disable", "CONFIG", "web/a", "--why", "disks")
        assert told.output == "web/a is disabled, weight 1000, 0 open: by command: disks\n"
        told = site.command("server", "maintenance", "CONFIG", "b")
        assert told.stdout == "web/b is maintenance, weight 5, 0 open: by command\n"
        assert told.stderr == "service site is down: no server of web works\n"
        told = site.command("server", "enable", "CONFIG", "web/*")
        assert told.output == (
            "web/a is up, weight 1000, 0 open: it is not checked\n"
            "web/b is up, weight 5, 0 open: it is not checked\n"
        )
        told = site.command("server", "drain", "CONFIG", "web/a")
        assert told.output.startswith(
            "web/a is draining, weight 1000: 0 pinned clients, 0 open, drain time ends in 5m, "
        )
        told = site.command("server", "weight", "CONFIG", "b", "web/a", "0")
        assert "web/b is up, weight 0, 0 open" in told.stdout
        told = site.command("server", "weight", "CONFIG", "b", "configured")
        assert told.stdout == "web/b is up, weight 5, 0 open: it is not checked\n"
        (server,) = site.told("server", "weight", "CONFIG", "b", "7")["servers"]
        assert server["by_command"] == ["weight 5 -> 7"]


def test_what_cannot_be_is_wrong_usage_and_nothing_is_set(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        for words, said in [
            (["disable", "CONFIG", "b", "x"], "there is no server 'x'"),
            (["disable", "CONFIG", "a"], "several pools have a server 'a': say web/a and api/a"),
            (["disable", "CONFIG"], "Missing argument 'SERVERS...'"),
            (["weight", "CONFIG", "b", "heavy"], "a weight is a number or `configured`"),
        ]:
            assert said in site.command("server", *words, status=2).stderr
        told = site.command("server", "weight", "CONFIG", "b", "65536", status=3)
        assert "a weight is 0 to 65535, not 65536" in told.stderr
        assert set(site.states().values()) == {"up"}
        assert site.servers()["web/b"]["weight"] == 5
