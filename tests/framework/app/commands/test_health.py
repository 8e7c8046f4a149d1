"""``pointsman health try``: its words and its exit statuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit import plays
from kit.child_programs import pointsman
from kit.controlled_site import controlled_site
from kit.probing import answering
from kit.real_servers import real_server
from pointsman.app.cli import main

SITE = """\
version: 1
pools:
  web: {health: {kind: http, timeout: 1s}, servers: {a: "PLACE"}}
  api: {health: none, servers: {n: "127.0.0.1:1"}}
  old: {health: {kind: agent, timeout: 1s}, servers: {x: "unix:/no/such"}}
"""


def invoke(folder: Path, server: str, place: str = "127.0.0.1:1", *options: str) -> Result:
    path = folder / "site.yaml"
    path.write_text(SITE.replace("PLACE", place))
    return CliRunner().invoke(main, ["health", "try", str(path), server, *options])


def test_a_server_that_passes(tmp_path: Path) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as place:
        result = invoke(tmp_path, "web/a", place)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"web/a at {place}: HEAD /"
    assert "  > HEAD / HTTP/1.1" in lines
    assert "  < HTTP/1.1 200 OK" in lines
    assert lines[-1].endswith(" ms: 200 to HEAD /")


def test_a_server_that_does_not(tmp_path: Path) -> None:
    with answering(b"HTTP/1.1 403 Forbidden\r\n\r\n") as place:
        result = invoke(tmp_path, "a", place)
    assert result.exit_code == 6
    assert result.stdout.splitlines()[-2].startswith("down, after ")
    assert "403 not among accepted 200-299, 301, 302, 401" in result.stdout
    assert "what would make it pass: `accept: [200-299, 301, 302, 401, 403]`" in result.stdout


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with answering(None, b"", linger=True) as place:
        result = invoke(tmp_path, "a", place)
    assert result.exit_code == 6
    assert "no answer within 1s" in result.stdout
    assert f"an answer of {place} within 1s, or a longer `timeout`" in result.stdout


def test_as_json(tmp_path: Path) -> None:
    result = invoke(tmp_path, "a", "127.0.0.1:1", "--json")
    assert result.exit_code == 6
    told = json.loads(result.stdout)
    assert (told["server"], told["outcome"]) == ("a", "bad")
    assert told["reason"] == "cannot connect to 127.0.0.1:1: Connection refused"


def test_what_is_not_checked(tmp_path: Path) -> None:
    result = invoke(tmp_path, "n")
    assert result.exit_code == 7
    assert result.stderr == "api/n is not checked: it is always up\n"


@pytest.mark.parametrize("server", ["b", "web/b"])
def test_a_server_that_is_not_there_is_wrong_usage(tmp_path: Path, server: str) -> None:
    result = invoke(tmp_path, server)
    assert result.exit_code == 2
    assert "there is no server" in result.stderr


def test_a_configuration_with_errors(tmp_path: Path) -> None:
    result = invoke(tmp_path, "a", "no place")
    assert result.exit_code == 1
    assert "pools.web.servers.a" in result.stderr


def test_as_a_program(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    with answering(b"HTTP/1.1 503 Busy\r\n\r\n") as place:
        path.write_text(SITE.replace("PLACE", place))
        with pointsman("health", "try", str(path), "web/a") as program:
            assert program.wait() == 6
            assert "503 not among accepted" in program.output
            assert "Traceback" not in program.output


# ---- of what runs ----

LIVE = """\
pools:
  web: {health: {kind: http, interval: 1h, timeout: 5s}, servers: {a: "PLACE"}}
  api: {health: none, servers: {n: "127.0.0.1:1"}}
virtual_services:
  web: {listen: "127.0.0.1:0", pool: web}
  api: {listen: "127.0.0.1:0", pool: api}
"""


REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def test_what_runs_shows_what_it_knows_and_tries_once_more(tmp_path: Path) -> None:
    with (
        real_server(plays.answering(REFUSED)) as server,
        controlled_site(tmp_path, LIVE.replace("PLACE", server.address)) as site,
    ):
        site.until(a="down")
        table = site.command("health", "show", "CONFIG").stdout
        assert "web/a" in table
        assert "403 not among accepted" in table
        full = site.command("health", "show", "CONFIG", "a").stdout
        assert full.startswith("web/a is down: 403 not among accepted")
        assert "  < HTTP/1.1 403 Forbidden" in full
        assert "checking -> down (health): 403" in full
        (told,) = site.told("health", "show", "CONFIG", "a")
        assert told["check"]["failure"]["outcome"] == "bad"
        site.command("health", "show", "CONFIG", "x", status=2)

        failing = site.command("health", "try", "CONFIG", "web/a", "--live", "--json", status=6)
        assert json.loads(failing.stdout)["server"] == "a"
        server.plays = plays.answering(FINE)
        passing = site.command("health", "try", "CONFIG", "a", "--live").stdout
        assert passing.startswith(f"web/a at {server.address}: HEAD /\n")
        assert site.states()["web/a"] == "down"
        site.command("health", "try", "CONFIG", "n", "--live", status=7)
        site.command("health", "try", "CONFIG", "x", "--live", status=2)
    site.command("health", "try", "CONFIG", "a", "--live", status=9)
    site.command("health", "show", "CONFIG", status=9)
