"""Where ``pointsman pins`` finds pins: what runs, those in memory included, else files."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.controlled_site import ControlledSite, controlled_site
from kit.plays import answering
from kit.real_servers import real_server
from pointsman.app.commands.pins_sources import OfRunning, WrongPin, _parted

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ControlledSite]:
    """A program with pins in memory, of three addresses."""
    with real_server(answering(OK)) as a, real_server(answering(OK)) as b:
        text = f"""\
pools:
  web:
    health: none
    scheduling: round_robin
    persistence: {{kind: source_ip, table: memory}}
    servers: {{a: "{a.address}", b: "{b.address}"}}
virtual_services:
  site: {{listen: "127.0.0.1:0", pool: web}}
"""
        with controlled_site(tmp_path, text) as site:
            for last in (2, 3, 4):
                client = http.client.HTTPConnection(
                    "127.0.0.1",
                    site.port("site"),
                    timeout=30,
                    source_address=(f"127.0.0.{last}", 0),
                )
                client.request("GET", "/")
                client.getresponse().read()
                client.close()
            yield site


def test_the_pins_in_the_memory_of_what_runs(site: ControlledSite) -> None:
    told = site.command("pins", "list", "CONFIG")
    assert told.stderr == "pins of the program that runs\n"
    servers = {line.split()[2]: line.split()[4].strip(",") for line in told.stdout.splitlines()}
    assert {*servers} == {"127.0.0.2", "127.0.0.3", "127.0.0.4"}
    assert {*servers.values()} == {"a", "b"}
    counts = {server: [*servers.values()].count(server) for server in "ab"}
    assert site.told("pins", "count", "CONFIG") == {"web": counts}
    first = site.told("pins", "list", "CONFIG", "--limit", "2")
    assert [pin["client"] for pin in first["pins"]] == ["127.0.0.2", "127.0.0.3"]
    second = site.told("pins", "list", "CONFIG", "--limit", "2", "--after", first["after"])
    assert [pin["client"] for pin in second["pins"]] == ["127.0.0.4"]
    assert (
        site.told("pins", "find", "CONFIG", "127.0.0.3")["pins"][0]["server"]
        == (servers["127.0.0.3"])
    )

    exported = site.command("pins", "export", "CONFIG").stdout
    assert len(exported.splitlines()) == 3
    to = "b" if servers["127.0.0.2"] == "a" else "a"
    told = site.command("pins", "move", "CONFIG", "127.0.0.2", "--to", to)
    assert told.stdout == "1 pin moved\n"
    assert site.told("pins", "find", "CONFIG", "127.0.0.2")["pins"][0]["server"] == to
    assert site.command("pins", "drop", "CONFIG", "--all").stdout == "3 pins dropped\n"
    assert site.command("pins", "list", "CONFIG").stdout == ""
    file = site.path.parent / "pins.json"
    file.write_text(exported)
    told = site.command("pins", "import", "CONFIG", str(file))
    assert told.stdout == "3 pins read, 0 were over their time\n"
    assert site.told("pins", "find", "CONFIG", "127.0.0.2")["pins"][0]["server"] != to
    assert site.command("pins", "expire", "CONFIG").stdout == "0 pins were over their time\n"

    file.write_text(exported.splitlines()[0] + '\n{"pool": 3}\n')
    told = site.command("pins", "import", "CONFIG", str(file), status=2)
    assert "line 2: a pin needs 'pool', a text; 1 pins read" in told.stderr
    for words, status, said in [
        (["list", "CONFIG", "--pool", "x"], 2, "there is no pool 'x'"),
        (["move", "CONFIG", "--server", "a", "--to", "z"], 2, "no server is called 'z' here"),
        (["list", "CONFIG", "--after", "%"], 3, "there is no page after"),
        (["count", "CONFIG", "--control", "/no/such"], 9, "no pointsman can be reached"),
    ]:
        assert said in site.command("pins", *words, status=status).stderr


def test_while_nothing_runs_it_is_files(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = """\
pools: {web: {health: none, persistence: source_ip, servers: {a: "127.0.0.1:1"}}}
virtual_services: {site: {listen: "127.0.0.1:0", pool: web}}
"""
    with controlled_site(tmp_path, text) as site:
        told = site.command("pins", "count", "CONFIG")
        assert told.stderr == "pins of the program that runs\n"
    told = ControlledSite(path, site.program).command("pins", "count", "CONFIG")
    assert told.stderr == "pins in files; no program that runs by them is reached\n"


class Recorded:
    """Somebody who is asked to take pins in, and finds the one with ``wrong``."""

    def __init__(self) -> None:
        self.parts: list[list[Any]] = []

    def ask(self, verb: str, records: list[Any]) -> Any:
        self.parts.append(records)
        for number, record in enumerate(records):
            if "wrong" in record:
                return {"taken": number, "over": 0, "wrong": "it is wrong"}
        return {"taken": len(records), "over": 0, "wrong": ""}


def test_many_pins_are_sent_some_at_a_time() -> None:
    recorded = Recorded()
    records = [{"number": number} for number in range(450)]
    assert OfRunning(recorded).take_in(records) == (450, 0)
    assert [len(part) for part in recorded.parts] == [200, 200, 50]
    with pytest.raises(WrongPin, match="it is wrong") as raised:
        OfRunning(recorded).take_in([*records, {"wrong": 1}, *records])
    assert raised.value.taken == 450


def test_long_pins_are_sent_fewer_at_a_time() -> None:
    records = [{"key": "é" * 5000} for _ in range(20)]
    parts = [*_parted(records)]
    assert sum(map(len, parts)) == 20
    assert all(len(json.dumps(part, ensure_ascii=False).encode()) < 60_000 for part in parts)
    assert [*_parted([{"key": "x" * 200_000}])] == [[{"key": "x" * 200_000}]]
