"""The Lync site when something fails: a front end, the balancer itself, or the rights of root."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from kit.child_programs import started
from kit.lync import all_up, complete, lync_site, until_state
from kit.programs import NeedsProgram
from pointsman.app.demo.lync.clients import Crowd
from pointsman.app.demo.lync.lab import PASSWORD
from pointsman.app.demo.lync.places import POOL_HTTP_PORT, Places
from pointsman.app.demo.lync.site import PASSWORD_VARIABLE, LyncSite
from pointsman.app.demo.lync.stage import Stage, staged

KINDS = ["server_cookie", "active_cookie"]


def with_cookie(kind: str) -> list[object]:
    options: dict[str, object] = {"http_only": False} if kind == "active_cookie" else {}
    return [complete, lambda site: site.persist(kind, **options)]


@pytest.mark.parametrize("kind", KINDS)
def test_09_clients_of_a_killed_front_end_move_once_and_no_others(
    tmp_path: Path, kind: str
) -> None:
    steps = with_cookie(kind)
    with lync_site(tmp_path, *steps, cookie=kind == "server_cookie") as stage:  # type: ignore[arg-type]
        crowd = stage.crowd(20)
        crowd.begin()
        of_fe1 = Crowd([client for client in crowd.clients if client.server == "fe1"])
        of_fe2 = Crowd([client for client in crowd.clients if client.server == "fe2"])
        assert len(of_fe1.clients) > 5
        assert len(of_fe2.clients) > 5
        stage.front_ends["fe1"].kill()
        lost = len(of_fe1.clients)
        # Their sessions died with it: each sees that once, and has a new one at the other.
        assert of_fe1.come_back() == {"404": lost}
        assert of_fe1.servers == Counter({"fe2": lost})
        assert of_fe1.come_back(2) == {"ok": 2 * lost}
        assert of_fe2.come_back(3) == {"ok": 3 * len(of_fe2.clients)}
        until_state(stage, "down", ("fe-https", "fe1"))
        stage.start_front_ends("fe1")
        stage.cookies(given=kind == "server_cookie")
        all_up(stage)
        # It gets none of them back, and new ones at once.
        assert of_fe1.come_back() == {"ok": lost}
        assert of_fe2.come_back() == {"ok": len(of_fe2.clients)}
        new = stage.crowd(20)
        new.begin()
        assert set(new.servers) == {"fe1", "fe2"}


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("server_cookie", "kill -9"),
        ("active_cookie", "in order"),
        pytest.param("server_cookie", "in order", marks=pytest.mark.slow),
        pytest.param("active_cookie", "kill -9", marks=pytest.mark.slow),
    ],
)
def test_15_a_restart_keeps_pins(tmp_path: Path, kind: str, end: str) -> None:
    steps = with_cookie(kind)
    with lync_site(tmp_path, *steps, cookie=kind == "server_cookie") as stage:  # type: ignore[arg-type]
        crowd = stage.crowd(15)
        crowd.begin()
        assert set(crowd.servers) == {"fe1", "fe2"}
        if end == "in order":
            stage.balancer.end()
        else:
            stage.balancer.kill()
        stage.start_balancer()
        assert crowd.come_back(2) == {"ok": 30}


def test_16_it_runs_without_root_on_high_ports(
    tmp_path: Path, needs_program: NeedsProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path, Random(), private=True) as stage:
        complete(stage.site)
        stage.cookies(given=True)
        command = without_rights(needs_program)
        command += [sys.executable, "-m", "pointsman", "run", str(tmp_path / "lync.yaml")]
        low = LyncSite(Places.within(stage.places.pool.rpartition(".")[0], 0))
        low.add_http()
        (tmp_path / "lync.yaml").write_text(low.text)
        with started(*command, cwd=str(tmp_path)) as program:
            assert program.wait() == 3
            assert f"{low_place(stage)}: " in program.output
            assert "Permission denied" in program.output

        (tmp_path / "lync.yaml").write_text(stage.site.text)
        monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
        with started(*command, cwd=str(tmp_path)) as program:
            program.until("FE Ext HTTP listens on ")
            crowd = stage.crowd(5)
            crowd.begin()
            assert crowd.come_back(2) == {"ok": 10}
            program.signal()
            assert program.wait() == 0


def low_place(stage: Stage) -> str:
    return f"{stage.places.pool}:{POOL_HTTP_PORT}"


def without_rights(needs_program: NeedsProgram) -> list[str]:
    """What stands before a command so that it may do no more than any other user."""
    if os.geteuid() != 0:
        return []
    return [
        needs_program("setpriv", package="util-linux"),
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
