"""``pointsman status`` beside a running program."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from kit.child_programs import PATIENCE, pointsman
from kit.controlled_site import controlled_site

SITE = """\
pools:
  web: {health: none, servers: {a: 127.0.0.1:1}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web, tls: {mode: offload}}
"""


def test_tables_for_people(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.command("status", "CONFIG").stdout
        assert re.match(
            rf"pointsman \S+, process {site.program.process.pid}, up \w+, revision 1, "
            rf"{re.escape(str(site.path))}\n",
            text,
        )
        assert f"127.0.0.1:{site.port('site')}" in text
        assert "http, offload, temporary certificate" in text
        assert re.search(r"^web/a +127\.0\.0\.1:1 +up +start +1000 ", text, re.MULTILINE)


def test_json_for_programs(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        told = site.told("status", "CONFIG")
        (service,) = told["services"]
        assert (service["name"], service["state"], service["mode"]) == ("site", "up", "http")
        assert service["listen"] == [f"127.0.0.1:{site.port('site')}"]
        assert service["tls"]["temporary"] is True


def test_json_again_and_again(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        command = ["status", str(site.path), "--json", "--watch", "--every", "0.1"]
        with pointsman(*command) as watching:
            watching.until(r"(?s)(\{[^\n]+\}\n){3}")
            watching.signal(signal.SIGINT)
            watching.wait()
        lines = watching.output.splitlines()[:3]
        assert {json.loads(line)["pid"] for line in lines} == {site.program.process.pid}
        assert "Traceback" not in watching.output


def test_tables_again_and_again_on_a_terminal(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        leader, follower = pty.openpty()
        command = [sys.executable, "-m", "pointsman", "status", str(site.path)]
        watching = subprocess.Popen(
            [*command, "--watch", "--every", "0.1"],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "160", "LINES": "40"},
        )
        os.close(follower)
        try:
            seen = read_until(leader, lambda text: text.count("revision 1") >= 2)
            site.command("server", "disable", "CONFIG", "a")
            seen += read_until(leader, lambda text: "disabled" in text)
            watching.send_signal(signal.SIGINT)
            seen += read_until(leader, lambda text: False)
            assert watching.wait(PATIENCE) == 0, seen
        finally:
            watching.kill()
            watching.wait(PATIENCE)
            os.close(leader)
        assert "Traceback" not in seen


def read_until(descriptor: int, enough: object) -> str:
    """What a terminal shows until it is enough, or there is no more."""
    assert callable(enough)
    text = ""
    limit = time.monotonic() + PATIENCE
    while not enough(text):
        ready, _, _ = select.select([descriptor], [], [], limit - time.monotonic())
        assert ready, text
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # how Linux tells that nobody holds the other side any more
            break
        if not data:
            break
        text += data.decode(errors="replace")
    return text
