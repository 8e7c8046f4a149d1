"""``pointsman run``: its exit statuses, its signals, its log and its process id."""

import contextlib
import http.client
import json
import signal
import socket
from pathlib import Path

import pytest

from kit.child_programs import pointsman

LISTENS = r"site listens on 127\.0\.0\.1:(\d+)"


@pytest.fixture
def silent_server() -> socket.socket:
    """A real server that takes requests and never answers."""
    return socket.create_server(("127.0.0.1", 0))


def written(folder: Path, server: str = "127.0.0.1:1", more: str = "") -> str:
    path = folder / "site.yaml"
    path.write_text(
        f"version: 1\n{more}"
        "virtual_services:\n"
        "  site:\n"
        "    listen: 127.0.0.1:0\n"
        "    timeouts: {drain: 30s}\n"
        # No probe: the connection that the server gets is the client's.
        f"    pool: {{health: none, servers: {{a: '{server}'}}}}\n"
    )
    return str(path)


def test_a_signal_stops_it_with_status_0_and_the_pid_file_is_removed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pointsman("run", written(tmp_path), "--pid-file", str(pid)) as program:
        program.until(LISTENS)
        assert pid.read_text() == f"{program.process.pid}\n"
        program.signal(signal.SIGTERM)
        assert program.wait() == 0
        assert not pid.exists()
        for line in program.output.splitlines():  # not a terminal, so JSON
            assert {"time", "level", "from", "message"} <= set(json.loads(line))


def test_people_may_ask_for_their_form_of_the_log(tmp_path: Path) -> None:
    with pointsman("run", written(tmp_path), "--log-format", "human") as program:
        program.until(r"\d\d:\d\d:\d\d info  " + LISTENS)
        program.signal(signal.SIGINT)
        assert program.wait() == 0


def test_a_second_signal_cuts_what_is_open_and_says_so_in_its_status(
    tmp_path: Path, silent_server: socket.socket
) -> None:
    host, port = silent_server.getsockname()
    with silent_server, pointsman("run", written(tmp_path, f"{host}:{port}")) as program:
        found = program.until(LISTENS)
        client = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
        with contextlib.closing(client):
            client.request("GET", "/")
            silent_server.settimeout(30)
            taken, _ = silent_server.accept()
            with taken:
                program.signal()
                program.until("draining")
                program.signal()
                assert program.wait() == 4
                assert "open work is cut" in program.output


def test_errors_of_the_configuration_are_status_1_and_all_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("version: 1\npols: {}\nvirtual_services: {a: {listen: '1'}}\n")
    with pointsman("run", str(path)) as program:
        assert program.wait() == 1
        assert f"{path}:2:1: error: pols: this key is not known here" in program.output
        assert "virtual_services.a.pool: this is required but missing" in program.output


@pytest.mark.parametrize("arguments", [["run"], ["run", "x", "--log-format", "xml"], ["walk"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pointsman(*arguments) as program:
        assert program.wait() == 2


def test_an_address_that_cannot_be_had_is_status_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        path = Path(written(tmp_path))
        port = taken.getsockname()[1]
        path.write_text(path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        with pointsman("run", str(path)) as program:
            assert program.wait() == 3
            assert "somebody listens there already" in program.output
            assert "Traceback" not in program.output


def test_an_access_log_that_cannot_be_opened_is_status_3(tmp_path: Path) -> None:
    more = f"access_log: {{to: {{file: {tmp_path}/nowhere/access.log}}}}\n"
    with pointsman("run", written(tmp_path, more=more)) as program:
        assert program.wait() == 3
        assert "No such file or directory" in program.output


def test_the_access_log_is_opened_anew_on_sighup(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with pointsman(
        "run", written(tmp_path, more=f"access_log: {{to: {{file: {log}}}}}\n")
    ) as program:
        port = int(program.until(LISTENS)[1])
        log.rename(tmp_path / "old.log")
        program.signal(signal.SIGHUP)
        program.until("access logs are opened anew")
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        client.request("GET", "/here")
        assert client.getresponse().status == 502
        client.close()
        program.signal()
        assert program.wait() == 0
    assert json.loads(log.read_text())["target"] == "/here"
    assert (tmp_path / "old.log").read_text() == ""
