"""The programs of the site start on free places, and all are gone when the stage ends."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from random import Random

import pytest

from pointsman.app.demo.lync.lab import Lab
from pointsman.app.demo.lync.places import free_places
from pointsman.app.demo.lync.site import LyncSite
from pointsman.app.demo.lync.stage import Stage, StageError, staged


def test_front_ends_and_the_balancer_serve_a_crowd_and_are_gone_afterwards(tmp_path: Path) -> None:
    with staged(tmp_path, Random(), private=True) as stage:
        stage.site.add_passthrough()
        stage.start_balancer()
        crowd = stage.crowd(4)
        crowd.begin()
        assert crowd.come_back() == {"ok": 4}
        pids = [stage.balancer.pid, *(child.pid for child in stage.front_ends.values())]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_place_that_is_taken_is_told(tmp_path: Path) -> None:
    places = next(free_places(Random(), private=True))
    with (
        socket.create_server((places.front_ends["fe2"], places.clear[0])),
        Stage(tmp_path, places, LyncSite(places)) as stage,
        pytest.raises(StageError, match="the front end fe2 did not start on "),
    ):
        stage.start_front_ends()
    assert "cannot listen" in (tmp_path / "fe2.log").read_text()


def test_the_lab_knows_the_addresses_of_the_front_ends(tmp_path: Path) -> None:
    places = next(free_places(Random(), private=True))
    stage = Stage(tmp_path, places, LyncSite(places))
    assert isinstance(stage.lab, Lab)
    assert (tmp_path / "fe1.pem").exists()
