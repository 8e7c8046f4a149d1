"""Agents: HAProxy's words and a LoadMaster's number, by a line and by HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from kit.probing import PLACES, near, same_however_split, talk
from pointsman.contracts import Probe, Surroundings, Verdict
from pointsman.contracts.health import DOWN, DRAIN, MAINTENANCE, READY
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_healthcheck.agent_check import AgentCheck, AgentSettings, make, verdict_on

SERVER = RealServer("a", Address.parse("10.0.0.1:9999"))


def check(**keys: Any) -> AgentCheck:
    return make(AgentSettings.model_validate(keys), Surroundings())


def heard(*pieces: bytes, **keys: Any) -> Verdict:
    verdict, _ = talk(check(**keys).probe(SERVER), pieces)
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize(
    ("line", "up", "share", "admin"),
    [
        (b"75%", True, 75, ""),
        (b"up 200%", True, 200, ""),
        (b"99999%", True, 25600, ""),
        (b"0%", True, 0, ""),
        (b"ready", True, None, READY),
        (b"up ready", True, None, READY),
        (b"drain", True, None, DRAIN),
        (b"maint", True, None, MAINTENANCE),
        (b"DRAIN,50%", True, 50, DRAIN),
        (b"down#out of memory", False, None, DOWN),
        (b"fail", False, None, DOWN),
        (b"failed\t", False, None, DOWN),
        (b"stopped", False, None, DOWN),
        (b"up", True, None, ""),
        (b"up 80% maxconn:30", True, 80, ""),
    ],
)
def test_the_words_of_haproxy(line: bytes, up: bool, share: int | None, admin: str) -> None:
    verdict = verdict_on(line, 10)
    assert (verdict.up, verdict.share, verdict.admin) == (up, share, admin)


@pytest.mark.parametrize(
    ("line", "up", "share", "admin"),
    [
        (b"0", True, 100, READY),
        (b"40\r", True, 60, READY),
        (b"95", True, 10, READY),
        (b"100", True, 10, READY),
        (b"101", False, None, DOWN),
        (b"102", True, None, MAINTENANCE),
        (b"103", False, None, ""),
    ],
)
def test_the_number_of_a_loadmaster(line: bytes, up: bool, share: int | None, admin: str) -> None:
    verdict = verdict_on(line, 10)
    assert (verdict.up, verdict.share, verdict.admin) == (up, share, admin)
    assert line.strip().decode() in verdict.reason


@pytest.mark.parametrize("line", [b"", b"hello", b"HTTP/1.1 400 Bad", b"maxconn:3", b"-1", b"1000"])
def test_what_is_no_agent(line: bytes) -> None:
    verdict = verdict_on(line, 10)
    assert (verdict.up, verdict.share, verdict.admin) == (False, None, "")
    assert verdict.reason.startswith("not an agent: ")


def test_a_line_or_the_end_is_waited_for() -> None:
    assert heard(b"7", b"5%\n").share == 75
    assert heard(b"75%").share == 75
    assert heard(b"75%\rdown\n").up
    assert heard(b"dra", b"in").admin == DRAIN
    probe = check().probe(SERVER)
    assert (probe.start(), probe.receive(b"up 7")) == (b"", None)


def test_it_may_be_asked_first() -> None:
    assert talk(check(send="hi\n").probe(SERVER), [b"up\n"])[1] == b"hi\n"


def test_by_http() -> None:
    made = check(protocol="http", least=0)
    verdict, sent = talk(made.probe(SERVER), [b"HTTP/1.0 200 OK\r\n\r\n9", b"9\nmore"])
    assert (verdict.up, verdict.share) == (True, 1)
    assert sent == b"GET /load HTTP/1.0\r\nHost: 10.0.0.1:9999\r\n\r\n"
    assert made.describes == "agent GET /load"
    assert heard(b"HTTP/1.0 200 OK\r\n\r\n30", protocol="http").share == 70
    assert heard(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n30", protocol="http").share == 70
    wrong = heard(b"HTTP/1.1 404 Not Found\r\n\r\n", protocol="http")
    assert (wrong.up, wrong.reason) == (False, "its agent answers 404")
    cut = heard(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n30", protocol="http")
    assert (cut.up, cut.reason) == (False, "closed after 2 bytes of an unfinished body")
    assert not heard(b"75%\n", protocol="http").up


@given(data=near(b"up 75%\r\n", b"drain", b"102\n", b"x" * 1100 + b" down\n"), places=PLACES)
def test_whatever_comes_however_it_is_split(data: bytes, places: list[int]) -> None:
    def probe() -> Probe:
        return check().probe(SERVER)

    same_however_split(probe, data, places)


@given(
    data=near(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n75\n", b"HTTP/1.0 200 OK\r\n\r\ndown"),
    places=PLACES,
)
def test_whatever_comes_by_http_however_it_is_split(data: bytes, places: list[int]) -> None:
    def probe() -> Probe:
        return check(protocol="http").probe(SERVER)

    same_however_split(probe, data, places)
