"""pointsman on a leash does what it is told, and ends when it is let go."""

from __future__ import annotations

import sys
from pathlib import Path

from pointsman.app.demo.tethered import Tethered

COMMAND = [sys.executable, "-m", "pointsman.app.demo.leash"]
SITE = """\
version: 1
virtual_services:
  site: {listen: "127.0.0.1:0", pool: {health: none, servers: {a: 127.0.0.1:1}}}
"""


def test_it_is_the_whole_command_line() -> None:
    program = Tethered([*COMMAND, "--version"])
    try:
        assert program.line().startswith("pointsman, version ")
    finally:
        program.end()


def test_it_ends_in_order_when_its_stdin_is_closed(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    log = tmp_path / "log"
    command = [*COMMAND, "run", "site.yaml", "--log-format", "json"]
    program = Tethered(command, folder=tmp_path, log=log)
    try:
        while "site listens on" not in log.read_text():
            assert program.running, log.read_text()
        program.let_go()
        assert program.wait() == 0
        assert "SIGTERM: draining" in log.read_text()
    finally:
        program.end()
