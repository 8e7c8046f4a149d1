"""Pins in a file: whoever belonged to a server belongs to it after a restart, kill or not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.child_programs import pointsman
from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, running_site, service

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
NAMED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%b."
SOURCES = [f"127.0.0.{last}" for last in range(1, 31)]


def asked(running: RunningSite) -> dict[str, str]:
    """Which server each address meets."""
    found = {}
    for source in SOURCES:
        with RawClient(running.place(), source) as client:
            found[source] = client.ask(GET, b".").decode()[-2]
    return found


@contextmanager
def two_servers() -> Iterator[tuple[RealServer, RealServer]]:
    with (
        real_server(answering(NAMED % b"a")) as a,
        real_server(answering(NAMED % b"b")) as b,
    ):
        yield a, b


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_pins_are_there_after_a_restart(tmp_path: Path, end: signal.Signals) -> None:
    pool = {"scheduling": "random_two", "persistence": {"kind": "source_ip"}}
    state = {"state_dir": str(tmp_path / "state")}
    with two_servers() as (a, b):
        site = service(a.address, b.address, pool=pool)
        with running_site(tmp_path, more=state, site=site) as running:
            before = asked(running)
        with pointsman("run", str(tmp_path / "site.yaml")) as program:
            assert asked(RunningSite(program, tmp_path / "access.log", ["site"])) == before
            program.signal(end)
            program.wait()
        assert set(before.values()) == {"a", "b"}
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        with running_site(tmp_path, more=state, site=site) as running:
            assert asked(running) == before


def test_two_programs_with_one_state_dir_share_their_pins(tmp_path: Path) -> None:
    pool = {"scheduling": "random_two", "persistence": {"kind": "source_ip"}}
    state = {"state_dir": str(tmp_path / "state")}
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with two_servers() as (a, b):
        site = service(a.address, b.address, pool=pool)
        with (
            running_site(folders[0], more=state, site=site) as one,
            running_site(folders[1], more=state, site=site) as two,
        ):
            first = asked(one)
            assert asked(two) == first
            assert set(first.values()) == {"a", "b"}


def test_a_file_that_is_no_file_of_pins_is_told(tmp_path: Path) -> None:
    (tmp_path / "state" / "pins").mkdir(parents=True)
    (tmp_path / "state" / "pins" / "data.mdb").write_text("something else")
    config = {
        "version": 1,
        "state_dir": "state",
        "virtual_services": {
            "site": {
                "listen": "127.0.0.1:0",
                "pool": {"persistence": "source_ip", "servers": {"a": "127.0.0.1:1"}},
            }
        },
    }
    (tmp_path / "site.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pointsman", "check", str(tmp_path / "site.yaml")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 1
    assert "no file of pins; move it away, or give another `path`" in told.stderr
