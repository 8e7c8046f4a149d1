"""The Lync site as it stands at the end: all that can be seen of one that runs in peace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kit.lync import FOUR, SERVERS, KeptClient, access_records, complete, lync_site
from pointsman.app.demo.lync.lab import PFX
from pointsman.app.demo.lync.log_file import eventually
from pointsman.app.demo.lync.site import COOKIE
from pointsman.app.demo.lync.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with lync_site(tmp_path_factory.mktemp("lync"), complete) as stage:
        yield stage


def cookie_of(answer: dict[str, str]) -> str:
    name, _, value = answer["set-cookie"].partition(";")[0].partition("=")
    assert name == COOKIE
    return value


def test_01_all_four_services_are_up(stage: Stage) -> None:
    log = stage.balancer.log
    for service in FOUR:
        assert log.found(rf"^{service} listens on .*, 2 servers$"), service
    states = log.states()
    assert {server: state for server, (state, _) in states.items()} == dict.fromkeys(SERVERS, "up")
    assert states["fe-http", "fe1"][1] == "200 to GET /meet/blank.html"
    assert states["fe-https", "fe1"][1] == "200 to HEAD /abs/handler, TLS, as its service does"


def test_05_one_certificate_is_bound_to_two_services(stage: Stage) -> None:
    with KeptClient(stage, stage.pool_https) as one, KeptClient(stage, stage.ext_https) as other:
        assert one.certificate == other.certificate
    command = [sys.executable, "-m", "pointsman", "cert", "list", "lync.yaml"]
    told = subprocess.run(
        command,
        cwd=stage.folder,
        env={**os.environ, "PFX_PASSWORD": "password", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    (line,) = [line for line in told.stdout.splitlines() if "LyncWebPool" in line]
    assert "FE Pool HTTPS" in line
    assert "FE Ext HTTPS" in line
    assert (stage.folder / PFX).exists()


def test_11_two_cookies_on_one_connection_reach_two_servers(stage: Stage) -> None:
    sessions: dict[str, tuple[str, str]] = {}
    for _ in range(20):
        with KeptClient(stage, stage.pool_https) as client:
            made, number = client.request("POST", "/mcx")
            sessions[made["x-front-end"]] = number, cookie_of(made)
    assert set(sessions) == {"fe1", "fe2"}
    with KeptClient(stage, stage.pool_https) as shared:
        for server in ("fe1", "fe2", "fe2", "fe1"):
            number, cookie = sessions[server]
            head, body = shared.request("GET", f"/mcx/{number}", Cookie=f"{COOKIE}={cookie}")
            assert (head["status"], body) == ("200", server)


def test_12_the_log_can_be_searched_by_the_name_of_the_cookie(stage: Stage) -> None:
    with KeptClient(stage, stage.pool_https) as client:
        made, number = client.request("POST", "/mcx")
        client.request("GET", f"/mcx/{number}?twelve", Cookie=f"{COOKIE}={cookie_of(made)}; x=1")

    def found() -> list[dict[str, object]]:
        lines = (stage.folder / "access.log").read_text().splitlines()
        return [json.loads(line) for line in lines if f"{COOKIE}=" in line and "?twelve" in line]

    assert eventually(lambda: bool(found()))
    (record,) = found()
    assert record["headers"] == {"cookie": f"{COOKIE}=REDACTED; x=1"}
    assert (record["service"], record["pin"]) == ("FE Pool HTTPS", "pinned")
    assert record["server"] == made["x-front-end"]


@pytest.mark.parametrize("name", ["poolweb.jds.net", "pool.jds.net"])
def test_13_both_names_are_served(stage: Stage, name: str) -> None:
    for place in (stage.pool_https, stage.ext_https):
        with KeptClient(stage, place, name) as client:  # its certificate is for both
            _, told = client.request("GET", "/whoami")
        assert f"host: {name}\n" in told
        assert "x-forwarded-for: 127.0.0.1\n" in told
        assert "x-forwarded-proto: https\n" in told
    records = access_records(stage)
    assert {record["server_name"] for record in records} <= {"poolweb.jds.net", "pool.jds.net"}


def test_14_another_weight_keeps_every_connection_and_every_pin(stage: Stage) -> None:
    crowd = stage.crowd(12)
    crowd.begin()
    kept = [KeptClient(stage, stage.pool_https) for _ in range(4)]
    ports = [client.sock.getsockname() for client in kept]
    try:
        for client in kept:
            client.request("GET", "/whoami")
        stage.site.weigh("fe-https", "fe1", 250)
        stage.site.weigh("fe-https", "fe2", 4000)
        assert stage.change() == (
            "pool fe-https: server fe1: weight 1000 -> 250",
            "pool fe-https: server fe2: weight 1000 -> 4000",
        )
        for client in kept:
            head, _ = client.request("GET", "/whoami")
            assert head["status"] == "200"
        assert [client.sock.getsockname() for client in kept] == ports
    finally:
        for client in kept:
            client.sock.close()
    assert crowd.come_back(2) == {"ok": 24}
    os.kill(stage.balancer.pid, signal.SIGHUP)
    stage.balancer.log.until("revision 2 is in force, changes: 0")
    assert crowd.come_back() == {"ok": 12}
