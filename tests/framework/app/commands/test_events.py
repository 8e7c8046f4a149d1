"""``pointsman events`` beside a running program."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from kit.child_programs import pointsman
from kit.controlled_site import controlled_site
from pointsman.app.commands.events import _in_words

SITE = """\
pools:
  web: {health: none, persistence: source_ip, servers: {a: 127.0.0.1:1}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""


def test_what_has_happened_is_told_with_its_reason(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        assert site.command("events", "CONFIG").stdout == ""
        site.command("server", "disable", "CONFIG", "a", "--why", "disks")
        site.command("server", "weight", "CONFIG", "a", "5")
        site.path.write_text(site.path.read_text().replace("none", "tcp"))
        site.command("reload", "CONFIG")
        told = [line[20:] for line in site.command("events", "CONFIG").stdout.splitlines()]
        assert told[:3] == [
            "server web/a: up -> disabled (operator): by command: disks",
            "service site: up -> down: no server of web works",
            "weight web/a: 1000 -> 5 (operator): by command",
        ]
        (reloaded,) = [line for line in told if line.startswith("configuration")]
        assert reloaded.startswith("configuration: revision 2 is in force (command): pool web: ")
        last = site.command("events", "CONFIG", "--limit", "1", "--json").stdout
        assert json.loads(last)["number"] == len(told)


def test_what_happens_is_followed(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        site.command("server", "disable", "CONFIG", "a")
        command = ["events", str(site.path), "--follow", "--every", "0.1", "--limit", "1"]
        with pointsman(*command) as following:
            following.until("service site: up -> down")
            site.command("server", "enable", "CONFIG", "a")
            following.until("server web/a: disabled -> up .operator.: by command")
            following.signal(signal.SIGINT)
            assert following.wait() == 0
        assert "Traceback" not in following.output
        assert following.output.count("disabled -> up") == 1


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {"what": "server", "name": "web/a", "before": "up", "now": "down", "by": "health",
             "reason": "403"},
            "server web/a: up -> down (health): 403",
        ),
        (
            {"what": "pins", "name": "", "before": "", "now": "3 pins dropped", "by": "operator",
             "reason": ""},
            "pins: 3 pins dropped (operator)",
        ),
    ],
)  # fmt: skip
def test_in_words(event: dict[str, object], words: str) -> None:
    import click

    assert click.unstyle(_in_words({"time": 1e9, **event}))[20:] == words
