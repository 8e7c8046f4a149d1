"""One attempt outside of any running site: which server is meant, and what is told of it."""

from __future__ import annotations

import pytest

from kit.any_reactor import own_reactor
from kit.probing import answering
from pointsman.app.health_try import NoServer, chosen, tried
from pointsman.app.loading import registry_with
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.core.health_report import Outcome, Report

SITE = """
version: 1
pools:
  web: {health: {kind: redis, timeout: 2s}, servers: {a: "PLACE", b: "127.0.0.1:1"}}
  api: {health: none, servers: {a: "127.0.0.1:1"}}
  cmd: {health: {kind: exec, command: /bin/true}, servers: {c: "127.0.0.1:1"}}
"""


def site(place: str = "127.0.0.1:1") -> Site:
    registry = registry_with()
    return build(load_text(SITE.replace("PLACE", place), "f", registry), registry)


def report(site: Site, server: str) -> Report | None:
    _, member = chosen(site, server)
    with own_reactor("lean") as reactor:
        return tried(site, member, reactor)


def test_a_server_is_meant_by_its_full_name_or_by_its_own() -> None:
    made = site()
    for named, full in (("web/a", ("web", "a")), ("api/a", ("api", "a")), ("b", ("web", "b"))):
        pool, member = chosen(made, named)
        assert (pool.name, member.name) == full
    with pytest.raises(NoServer, match="several pools have a server 'a': say web/a and api/a"):
        chosen(made, "a")
    with pytest.raises(NoServer, match="there is no server 'web/c'; did you mean"):
        chosen(made, "web/c")


def test_one_attempt_is_made_and_told_in_full() -> None:
    with answering(b"+PONG\r\n") as place:
        told = report(site(place), "web/a")
    assert told is not None
    assert (told.outcome, told.reason, told.received) == (Outcome.GOOD, "+PONG", b"+PONG\r\n")
    assert [step.what for step in told.steps] == ["connect", "sent", "received"]


def test_a_name_is_looked_up_first() -> None:
    with answering(b"-LOADING\r\n") as place:
        told = report(site(f"localhost:{place.rpartition(':')[2]}"), "web/a")
    assert told is not None
    assert (told.steps[0].what, "localhost is " in told.steps[0].words) == ("resolve", True)
    assert (told.outcome, told.remedy) == (Outcome.BAD, "the answer +PONG")


def test_what_is_not_checked_is_not_tried() -> None:
    assert report(site(), "api/a") is None


def test_a_command_is_run_and_cleared_up() -> None:
    told = report(site(), "c")
    assert told is not None
    assert (told.outcome, told.reason) == (Outcome.GOOD, "exit status 0")


def test_a_refusal_says_what_would_help() -> None:
    told = report(site(), "b")
    assert told is not None
    assert told.outcome is Outcome.BAD
    assert (
        told.remedy == "a server that can be reached at 127.0.0.1:1, or another `port` or `address`"
    )
