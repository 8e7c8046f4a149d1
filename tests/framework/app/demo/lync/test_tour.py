"""What steps look at: a claim is made only of what is seen, and says what was seen instead."""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from pointsman.app.demo.lync.lab import Lab
from pointsman.app.demo.lync.places import Places
from pointsman.app.demo.lync.site import LyncSite
from pointsman.app.demo.lync.telling import Telling
from pointsman.app.demo.lync.tour import Tour, lost


class Balancer:
    """Has a file and a status."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lync.yaml"
        self.environ = dict(os.environ)
        self.servers = [("fe1", "up", "200 to GET /"), ("fe2", "down", "403 not accepted")]

    def write(self, text: str) -> None:
        self.path.write_text(text)

    def status(self) -> dict[str, Any]:
        servers = [dict(zip(("name", "state", "why"), each, strict=True)) for each in self.servers]
        service = {
            "name": "FE Pool HTTP",
            "state": "degraded",
            "why": "1 of 2",
            "mode": "http",
            "listen": ["127.0.0.44:80"],
            "tls": None,
        }
        return {"services": [service], "pools": [{"name": "fe-http", "servers": servers}]}


class Toured(Tour):
    def __init__(self, folder: Path) -> None:
        Lab(folder).make({"fe1": "127.0.0.41"})
        self.out = io.StringIO()
        stage: Any = SimpleNamespace(
            folder=folder, balancer=Balancer(folder), site=LyncSite(Places())
        )
        telling = Telling(Console(file=self.out, width=118))
        super().__init__(stage, telling, Random(1), patience=0.05)

    @property
    def told(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def tour(tmp_path: Path) -> Toured:
    return Toured(tmp_path)


def test_servers_are_claimed_to_be_what_they_are(tour: Toured) -> None:
    assert tour.servers_become("up", ["fe-http/fe1"], "fe1 is up")
    assert tour.servers_become("down", ["fe-http/fe2"], "fe2 is down", "403")
    assert not tour.servers_become("down", ["fe-http/fe2"], "fe2 is down", "refused")
    assert not tour.servers_become("up", ["fe-http/fe1", "fe-http/fe2", "x/fe3"], "all are up")
    assert "fe-http/fe2 is down (403 not accepted), x/fe3" in tour.told
    assert len(tour.telling.missed) == 2


def test_services_are_too(tour: Toured) -> None:
    assert tour.services_become("degraded", "FE Pool HTTP")
    assert not tour.services_become("up", "FE Pool HTTP", "FE Ext HTTP")
    assert "seen instead: degraded, not there" in tour.told
    tour.show_services()
    assert "127.0.0.44:80" in tour.told


def test_a_command_that_ends_otherwise_is_a_claim_that_was_not_seen(tour: Toured) -> None:
    tour.edit(LyncSite.add_http)
    assert "+  FE Pool HTTP: {listen: 127.0.0.44:80, pool: fe-http}" in tour.told
    assert tour.type_in("check", "lync.yaml").says("is fine")
    assert tour.telling.claims == []
    tour.type_in("check", "lync.yaml", expected=1)
    (claim,) = tour.telling.missed
    assert claim.text == "pointsman check lync.yaml ends with status 1"


def test_warnings_are_shown_once_and_without_the_lines_that_they_quote(tour: Toured) -> None:
    tour.edit(LyncSite.add_passthrough, LyncSite.add_ext, LyncSite.enable_tls)
    for _ in range(2):
        tour.type_in("check", "lync.yaml")
    assert tour.told.count("`verify: none`") == 2  # one for each service
    assert " | " not in tour.told


def test_clients_that_are_not_known_are_seen(tour: Toured, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd: Any = SimpleNamespace(clients=(1, 2), come_back=lambda times, random: Counter(ok=4))
    assert tour.all_known(crowd, 2, "they come back")
    crowd.come_back = lambda times, random: Counter({"ok": 3, "404": 1})
    assert not tour.all_known(crowd, 2, "they come back")
    assert lost(Counter({"ok": 3, "404": 1})) == 1
    assert lost(Counter(ok=3)) == 0
