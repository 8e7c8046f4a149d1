"""The balancer of the site reads its file anew when it is told to, or says why it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.app.demo.lync.balancer import Balancer, RefusedError
from pointsman.app.demo.lync.log_file import NotSeenError

SITE = """\
version: 1
virtual_services:
  the site:
    listen: 127.0.0.1:0
    pool: {health: none, servers: {a: {address: "127.0.0.1:1", weight: 7}}}
"""


@pytest.fixture
def balancer(tmp_path: Path) -> Iterator[Balancer]:
    balancer = Balancer(tmp_path, os.environ)
    yield balancer
    balancer.end()
    assert not balancer.running


def test_it_starts_changes_refuses_and_ends(balancer: Balancer) -> None:
    balancer.write(SITE)
    balancer.start(["the site"])
    assert balancer.running
    assert balancer.change(SITE.replace("weight: 7", "weight: 8")) == (
        "virtual service the site: server a: weight 7 -> 8",
    )
    assert balancer.change(SITE.replace("weight: 7", "weight: 8")) == ()
    with pytest.raises(RefusedError, match="this key is not known here") as refused:
        balancer.change(SITE.replace("weight", "wieght"))
    assert len(refused.value.problems) == 1
    assert balancer.running
    assert not balancer.path.with_suffix(".new").exists()


def test_one_that_cannot_start_shows_what_it_said(balancer: Balancer) -> None:
    balancer.write(SITE.replace("health", "haelth"))
    with pytest.raises(NotSeenError, match="this key is not known here"):
        balancer.start(["the site"])


def test_one_that_was_killed_can_be_started_again(balancer: Balancer) -> None:
    balancer.write(SITE)
    balancer.start(["the site"])
    first = balancer.pid
    balancer.kill()
    balancer.start(["the site"])
    assert balancer.pid != first
