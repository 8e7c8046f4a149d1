"""A person's path along the control commands, beside traffic, of a program that really runs."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.child_programs import PATIENCE, pointsman
from kit.controlled_site import ControlledSite, controlled_site
from kit.documents import blocks
from kit.plays import answering
from kit.real_servers import RealServer, real_server
from kit.running_site import eventually
from kit.tree import TOP

NAMED = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%b"


@pytest.fixture
def servers() -> Iterator[tuple[RealServer, RealServer]]:
    with real_server(answering(NAMED % b"a")) as a, real_server(answering(NAMED % b"b")) as b:
        yield a, b


def text(servers: tuple[RealServer, RealServer], more: str = "") -> str:
    a, b = servers
    return f"""\
pools:
  web:
    persistence: source_ip
    drain_time: 1h
    health: {{kind: http, path: /, interval: 1s, timeout: 500ms, retries: 0}}
    servers: {{a: "{a.address}", b: "{b.address}"}}
virtual_services:
  site: {{listen: "127.0.0.1:0", pool: web{more}}}
"""


def asked(site: ControlledSite, source: str) -> str:
    """Which server answers who comes from that address."""
    client = http.client.HTTPConnection(
        "127.0.0.1", site.port("site"), timeout=30, source_address=(source, 0)
    )
    client.request("GET", "/")
    answer = client.getresponse().read().decode()
    client.close()
    return answer


def test_a_persons_path(tmp_path: Path, servers: tuple[RealServer, RealServer]) -> None:
    with controlled_site(tmp_path, text(servers)) as site:
        site.until(a="up", b="up")
        sources = [f"127.0.0.{last}" for last in range(2, 12)]
        before = {source: asked(site, source) for source in sources}
        pinned = [source for source, server in before.items() if server == "a"]
        assert 0 < len(pinned) < len(sources)
        assert site.servers()["web/a"]["pins"] == len(pinned)

        # Drained: who belongs there goes on, who is new goes elsewhere, and it is said how long.
        told = site.command("server", "drain", "CONFIG", "a", "--why", "new disks").stdout
        assert f"{len(pinned)} pinned clients, 0 open, drain time ends in 1h" in told
        assert {source: asked(site, source) for source in sources} == before
        assert {asked(site, f"127.0.1.{last}") for last in range(1, 9)} == {"b"}
        shown = site.command("status", "CONFIG").stdout
        assert re.search(r"web/a .* draining .* by command: new disks; \d+ pinned clients", shown)

        # A reload with errors changes nothing; one without keeps what was set by command.
        good = site.path.read_text()
        site.path.write_text(good.replace("drain_time", "drian_time"))
        assert ":6:5: error: pools.web.drian_time" in site.command(
            "reload", "CONFIG", status=1
        ).stderr  # fmt: skip
        site.path.write_text(good.replace("1h", "2h"))
        assert site.command("reload", "CONFIG").stdout == (
            "pool web: drain_time 1h -> 2h\nrevision 2 is in force, 1 change\n"
        )
        assert site.states() == {"web/a": "draining", "web/b": "up"}
        assert {source: asked(site, source) for source in sources} == before

        # Disabled, then back with another weight; a server that dies says why.
        site.command("server", "disable", "CONFIG", "a")
        assert {asked(site, source) for source in sources} == {"b"}
        site.command("server", "enable", "CONFIG", "a")
        site.command("server", "weight", "CONFIG", "a", "3000")
        site.until(a="up", b="up")
        servers[1].vanish()
        site.until(a="up", b="down")
        seen = site.servers()
        assert "Connection refused" in seen["web/b"]["why"]
        assert seen["web/a"]["by_command"] == ["weight 1000 -> 3000"]
        assert {asked(site, source) for source in sources} == {"a"}
        servers[1].listen()
        site.until(a="up", b="up")

        rates = site.told("status", "CONFIG")["services"][0]
        assert rates["exchanges"] >= 4 * len(sources)


def test_rates_are_seen_once_there_is_traffic(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    with controlled_site(tmp_path, text(servers)) as site:
        site.until(a="up", b="up")

        def seen() -> bool:
            asked(site, "127.0.0.1")
            rates = site.told("status", "CONFIG")["services"][0]["rates"]
            return bool(rates["exchanges"] and rates["connections"] and rates["bytes_out"])

        eventually(seen)


def test_the_socket_of_a_killed_program_is_replaced_and_a_live_one_refused(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    with controlled_site(tmp_path, text(servers)) as site:
        with pointsman("run", str(site.path)) as second:
            assert second.wait() == 3
            assert "another pointsman is reached by commands at" in second.output
        assert site.told("status", "CONFIG")["pid"] == site.program.process.pid
    with pointsman("run", str(site.path)) as program:
        program.until("commands reach it at")
        program.signal(signal.SIGKILL)
        program.wait()
    (left,) = (tmp_path / "state").glob("*.control")
    site.command("status", "CONFIG", status=9)
    with pointsman("run", str(site.path)) as program:
        program.until("site listens on")
        assert site.told("status", "CONFIG")["pid"] == program.process.pid
        program.signal()
        assert program.wait() == 0
    assert not left.exists()


def test_an_explicit_socket_needs_no_state_dir(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(f"version: 1\n{text(servers)}")
    place = tmp_path / "here"
    with pointsman("run", str(path), "--control", str(place)) as program:
        program.until("site listens on")
        site = ControlledSite(path, program)
        site.command("status", "CONFIG", status=9)
        assert site.told("status", "CONFIG", "--control", str(place))["revision"] == 1
        program.signal()
        assert program.wait() == 0
    assert not place.exists()


def test_clients_who_behave_badly_stop_neither_traffic_nor_commands(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    with controlled_site(tmp_path, text(servers)) as site:
        site.until(a="up", b="up")
        (place,) = (tmp_path / "state").glob("*.control")
        bad = []
        for number in range(100):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(place))  # waits for its turn only as long as it has no timeout
            client.settimeout(PATIENCE)
            bad.append(client)
            if number % 3 == 1:
                client.sendall(b'{"verb": "sta')
            if number % 3 == 2:
                client.sendall(b'{"verb": "status"}\n' * 20)  # and never reads
        assert asked(site, "127.0.0.1") in "ab"
        assert len(site.servers()) == 2
        for client in bad:
            client.close()


def test_the_protocol_is_what_operating_md_shows(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    page = TOP / "docs" / "operating.md"
    (shown,) = [each for each in blocks(page, "text") if each.startswith('{"verb"')]
    request, answer = shown.splitlines()
    with controlled_site(tmp_path, text(servers)) as site:
        (place,) = (tmp_path / "state").glob("*.control")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(place))
            client.sendall(request.encode() + b"\n")
            told = json.loads(client.makefile().readline())
        assert told == json.loads(answer)
        assert site.states()["web/a"] in ("up", "checking")


# What is not played here: it is of another subject, or wants revisions, and has its own tests.
NOT_HERE = {"cert", "explain", "undo", "confirm"}
ENDLESS = {"--watch", "--follow"}  # seen by the tests of the commands


def test_the_commands_that_operating_md_shows_do_what_it_says(
    tmp_path: Path, servers: tuple[RealServer, RealServer]
) -> None:
    page = TOP / "docs" / "operating.md"
    lines = "".join(blocks(page, "sh")).splitlines()
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line[:9] == "pointsman"]
    more = 'fe: {health: none, servers: {fe1: "127.0.0.1:1"}}'
    whole = text(servers).replace("pools:\n", f"pools:\n  {more}\n")
    with controlled_site(tmp_path, whole) as site:
        site.until(a="up", b="up")
        done = set()
        for words in commands:
            if words[0] in NOT_HERE or "--confirm" in words:
                continue
            if words[0] == "reload":  # what is as it was would be no revision
                site.path.write_text(site.path.read_text() + "# another line\n")
            chosen = ["CONFIG" if word == "site.yaml" else word for word in words]
            site.command(*[word for word in chosen if word not in ENDLESS])
            done.add(" ".join(words[: 1 if "site.yaml" in words[:2] else 2]))
        assert done >= {
            "status", "reload", "check", "history", "events", "server drain", "server disable",
            "server enable", "server maintenance", "server weight", "health show", "health try",
            "pins find", "pins move", "pins drop",
        }  # fmt: skip
        assert site.servers()["web/a"]["weight"] == 1000


def test_help_tells_of_every_command() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "pointsman", "server", "--help"],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    ).stdout  # fmt: skip
    for command in ("enable", "disable", "drain", "maintenance", "weight"):
        assert re.search(rf"^  {command} ", told, re.MULTILINE)
