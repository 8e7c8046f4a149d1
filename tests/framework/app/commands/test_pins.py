"""``pointsman pins``: its words, its exit statuses, and that it works beside a running program."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pointsman.app.cli import main
from pointsman_persistence.lmdb_table import LmdbTable
from pointsman_persistence.source_ip import SourceIP

SITE = """\
version: 1
state_dir: state
pools:
  web:
    persistence: {kind: server_cookie, cookie: sid, fallback: source_ip}
    servers: {a: "127.0.0.1:1", b: "127.0.0.1:2"}
  mail:
    persistence: source_ip
    servers: {m: "127.0.0.1:3"}
virtual_services:
  web: {listen: "127.0.0.1:0", pool: web}
  mail: {listen: "127.0.0.1:0", mode: tcp, pool: mail}
"""


@contextmanager
def table(folder: Path, name: str) -> Iterator[LmdbTable]:
    table = LmdbTable(folder / "state" / "pins", name, 1000, 1200.0)
    table.start(None)
    yield table
    table.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration with five pins."""
    (tmp_path / "site.yaml").write_text(SITE)
    now = time.monotonic()
    with table(tmp_path, "web") as cookies:
        cookies.put(b"0123456789abcdef", "a", now)
    with table(tmp_path, "web fallback source_ip") as addresses, table(tmp_path, "mail") as mail:
        for address, server in (("192.0.2.1", "a"), ("2001:db8::7", "b")):
            addresses.put(SourceIP(addresses).key_for(address), server, now)
        mail.put(SourceIP(mail).key_for("192.0.2.1"), "m", now)
        mail.put(SourceIP(mail).key_for("192.0.2.9"), "m", now)
    return tmp_path / "site.yaml"


def invoke(command: str, site: Path, *options: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["pins", command, str(site), *options], input=given)


def test_list(site: Path) -> None:
    result = invoke("list", site)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("mail source_ip 192.0.2.1 -> m, ")
    assert lines[2].startswith("web server_cookie #")
    assert "0123456789abcdef" not in result.output
    assert lines[3].startswith("web source_ip 2001:db8:: -> b, ")
    assert lines[4].startswith("web source_ip 192.0.2.1 -> a, ")


def test_list_page_by_page(site: Path) -> None:
    first = invoke("list", site, "--limit", "3")
    assert len(first.stdout.splitlines()) == 3
    which, more = first.stderr.splitlines()
    assert which == "pins in files; no program that runs by them is reached"
    after = more.removeprefix("more: --after ")
    second = invoke("list", site, "--limit", "3", "--after", after, "--json")
    told = json.loads(second.stdout)
    assert [pin["client"] for pin in told["pins"]] == ["2001:db8::", "192.0.2.1"]
    assert told["after"] == ""
    assert invoke("list", site, "--after", "%%").exit_code == 2


def test_list_what_is_wanted_and_what_is_secret(site: Path) -> None:
    result = invoke("list", site, "--pool", "web", "--server", "a", "--reveal", "--json")
    pins = json.loads(result.stdout)["pins"]
    assert [(pin["kind"], pin["client"]) for pin in pins] == [
        ("server_cookie", "0123456789abcdef"), ("source_ip", "192.0.2.1"),
    ]  # fmt: skip
    assert pins[0]["left"] == pytest.approx(1200.0, abs=60.0)
    assert invoke("list", site, "--unused-for", "10m").stdout == ""
    assert invoke("list", site, "--unused-for", "ten").exit_code == 2


def test_find(site: Path) -> None:
    by_address = invoke("find", site, "192.0.2.1").stdout.splitlines()
    assert [line.split(",")[0] for line in by_address] == [
        "web source_ip 192.0.2.1 -> a", "mail source_ip 192.0.2.1 -> m",
    ]  # fmt: skip
    assert invoke("find", site, "2001:db8::abcd").stdout.count("->") == 1  # its network
    assert "-> a" in invoke("find", site, "0123456789abcdef").stdout
    nobody = invoke("find", site, "nobody")
    assert nobody.stdout == ""
    assert "no pin of nobody\n" in nobody.stderr


def test_count(site: Path) -> None:
    assert invoke("count", site).stdout == "web/a: 2\nweb/b: 1\nmail/m: 2\n"
    assert json.loads(invoke("count", site, "--pool", "mail", "--json").stdout) == {
        "mail": {"m": 2}
    }


def test_drop(site: Path) -> None:
    refused = invoke("drop", site)
    assert refused.exit_code == 2
    assert "say whose pins" in refused.output
    assert invoke("drop", site, "192.0.2.1", "--pool", "web").stdout == "1 pin dropped\n"
    assert invoke("drop", site, "--server", "m").stdout == "2 pins dropped\n"
    assert invoke("drop", site, "--all").stdout == "2 pins dropped\n"
    assert invoke("count", site).stdout == ""


def test_move(site: Path) -> None:
    assert invoke("move", site, "--to", "b").exit_code == 2
    assert invoke("move", site, "192.0.2.1", "--to", "zoo").exit_code == 2
    assert invoke("move", site, "--server", "m", "--to", "b", "--pool", "mail").exit_code == 2
    assert invoke("move", site, "--server", "a", "--to", "b").stdout == "2 pins moved\n"
    assert invoke("count", site).stdout == "web/b: 3\nmail/m: 2\n"


def test_expire(site: Path) -> None:
    assert invoke("expire", site).stdout == "0 pins were over their time\n"


def test_export_and_import(site: Path, tmp_path: Path) -> None:
    lines = invoke("export", site).stdout
    assert len(lines.splitlines()) == 5
    assert invoke("export", site, "--server", "m", "--output", str(tmp_path / "out")).stdout == ""
    assert len((tmp_path / "out").read_text().splitlines()) == 2
    invoke("drop", site, "--all")
    assert invoke("import", site, given=lines).stdout == "5 pins read, 0 were over their time\n"
    assert invoke("count", site).stdout == "web/a: 2\nweb/b: 1\nmail/m: 2\n"
    (tmp_path / "in").write_text(lines.splitlines()[0] + "\n[1]\n")
    broken = invoke("import", site, str(tmp_path / "in"))
    assert broken.exit_code == 2
    assert "line 2: a pin is a JSON object; 1 pins read" in broken.stderr


def test_where_no_pins_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("state_dir: state\n", ""))
    result = invoke("count", path)
    assert result.exit_code == 8
    assert "keeps no pins in files" in result.stderr
    path.write_text(SITE)
    result = invoke("count", path)
    assert result.exit_code == 8
    assert "nothing was kept in" in result.stderr
    assert not (tmp_path / "state").exists()


def test_what_cannot_be_opened(site: Path) -> None:
    (site.parent / "state" / "pins" / "data.mdb").write_bytes(b"\xde\xc0\xef\xbe" * 1000)
    result = invoke("count", site)
    assert result.exit_code == 3
    assert "move it away" in result.stderr
    assert invoke("count", site, "--pool", "zoo").exit_code == 2
    site.write_text("version: 2\n")
    assert invoke("count", site).exit_code == 1
