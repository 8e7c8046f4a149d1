"""``pointsman explain``: steps on stdout, errors where they belong."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.controlled_site import controlled_site
from pointsman.app.cli import main
from pointsman.core.pinning import digest
from pointsman_persistence.lmdb_table import LmdbTable

SITE = """\
version: 1
virtual_services:
  site:
    listen: "127.0.0.1:8080"
    pool: {servers: {a: "127.0.0.1:1"}}
    rules:
      - {when: {header: {X-Go: away}, source: 192.0.2.0/24}, redirect: "https://{host}/"}
"""


def run(folder: Path, *arguments: str, text: str = SITE) -> Result:
    path = folder / "site.yaml"
    path.write_text(text)
    return CliRunner().invoke(main, ["explain", str(path), *arguments])


def test_every_step_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h:8080/x")
    assert result.exit_code == 0
    assert "server a, chosen by the scheduler" in result.stdout
    result = run(tmp_path, "GET", "http://h/", "-H", "X-Go: away", "--from", "192.0.2.7",
                 "--service", "site")  # fmt: skip
    assert result.exit_code == 0
    assert "    Location: https://h/" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(("GET", "h/"), "expected a URL"), (("GET", "http://h/", "--service", "x"), "say --service")],
)
def test_what_cannot_be_explained_is_told(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 1
    assert why in result.stderr


def test_a_configuration_with_errors_is_not_used(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h/", text=SITE.replace("pool:", "pol:"))
    assert result.exit_code == 1
    assert "this key is not known here" in result.stderr


PINNED = """\
version: 1
state_dir: state
virtual_services:
  site:
    listen: "127.0.0.1:8080"
    pool:
      persistence: {kind: server_cookie, cookie: sid, fallback: {kind: source_ip, table: memory}}
      servers: {a: "127.0.0.1:1", b: "127.0.0.1:2"}
"""


def test_pins_are_seen_where_they_are_in_a_file_and_else_it_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h/", "-H", "Cookie: sid=1", text=PINNED)
    assert result.exit_code == 0, result.stderr
    assert f"server_cookie {digest(b'1')} is not pinned" in result.stdout
    assert not (tmp_path / "state").exists()
    table = LmdbTable(tmp_path / "state" / "pins", "site", 10, 1200.0)
    table.start(None)
    table.put(b"1", "b", time.monotonic() - 60.0)
    table.close()
    result = run(tmp_path, "GET", "http://h/", "-H", "Cookie: sid=1", text=PINNED)
    assert f"server_cookie {digest(b'1')} is pinned to b for 60 s" in result.stdout
    assert "server b, because of its pin" in result.stdout
    assert "pool site has pins in the program that runs" in result.stderr


def test_a_file_of_pins_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "state" / "pins").mkdir(parents=True)
    with open(tmp_path / "state" / "pins" / "data.mdb", "wb") as file:
        file.write(b"\0" * 16 + b"\xde\xc0\xef\xbe")
    result = run(tmp_path, "GET", "http://h/", text=PINNED)
    assert result.exit_code == 0
    assert "move it away" in result.stderr
    assert "server a, chosen by the scheduler" in result.stdout


def test_as_json_the_choice_is_a_structure(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h:8080/x", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["steps"][0].startswith("GET /x for h:8080 comes to service site")
    choice = told["choice"]
    assert (choice["pool"], choice["server"], choice["how"]) == ("site", "a", "none")
    assert choice["servers"]["a"]["weight"] == 1000
    away = ("-H", "X-Go: away", "--from", "192.0.2.7", "--service", "site")
    assert json.loads(run(tmp_path, "GET", "http://h/", "--json", *away).stdout)["choice"] is None


# ---- by what runs ----

RUNNING = """\
pools:
  web: {health: none, persistence: {kind: source_ip, table: memory}, servers: {a: "127.0.0.1:1"}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""


def test_what_runs_is_asked(tmp_path: Path) -> None:
    with controlled_site(tmp_path, RUNNING) as site:
        url = f"http://127.0.0.1:{site.port('site')}/x"
        told = site.command("explain", "CONFIG", "GET", url, "--live").stdout
        assert "comes to service site from 127.0.0.1" in told
        assert "server a, chosen by the scheduler round_robin" in told
        assert site.told("explain", "CONFIG", "GET", url, "--live")["choice"]["server"] == "a"
        site.command("server", "disable", "CONFIG", "a", "--why", "disks")
        told = site.command("explain", "CONFIG", "GET", url, "--live", "--from", "192.0.2.7").stdout
        assert "no server is asked; the answer is 503" in told
        assert site.servers()["web/a"]["total"] == 0
        for words, said in [
            (["GET", "x"], "expected a URL"),
            (["GET", url, "--service", "x"], "which service is meant"),
        ]:
            failed = site.command("explain", "CONFIG", *words, "--live", status=1)
            assert said in failed.stderr
    site.command("explain", "CONFIG", "GET", url, "--live", status=9)
