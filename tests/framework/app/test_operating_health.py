"""The health checks of what runs, looked into where it runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from kit.plays import answering, hanging
from kit.real_reactor import run_reactor
from kit.real_servers import RealServer, real_server
from pointsman.app.control.writing import written
from pointsman.app.health_try import NoServer
from pointsman.app.operating_health import OperatingHealth
from pointsman.app.service import service as service_of
from pointsman.config.steps import at_once
from pointsman.core.health_report import Outcome
from pointsman.model.errors import OperatingError

REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Play:
    def __init__(self, reactor: Any, server: RealServer) -> None:
        self.server = server
        config = {
            "version": 1,
            "pools": {
                "web": {
                    "health": {"kind": "http", "path": "/x", "interval": "1h", "timeout": "20s"},
                    "agent": {"port": 1, "interval": "1h"},
                    "servers": {"a": server.address},
                },
                "plain": {"health": "none", "servers": {"p": "127.0.0.1:1"}},
            },
            "virtual_services": {
                name: {"listen": "127.0.0.1:0", "pool": name} for name in ("web", "plain")
            },
        }
        self.reactor = reactor
        self.service = service_of(config, reactor)
        self.service.startService()
        self.health: OperatingHealth = self.service.operating.health

    async def until_known(self) -> None:
        """Wait for the first verdict."""
        for _ in range(1000):
            (seen,) = await self.health.show(["web/a"])
            if seen.check is not None and seen.check.up is not None:
                return
            later: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, later.callback, None)
            await later
        raise AssertionError("no verdict")


def played(work: Any) -> Any:
    with real_server(answering(REFUSED)) as server:

        async def play(reactor: Any) -> Any:
            made = Play(reactor, server)
            try:
                return await work(made)
            finally:
                await made.service.stopService()

        return run_reactor(play, seconds=30.0)


def test_the_last_failure_is_shown_in_full() -> None:
    async def work(play: Play) -> None:
        await play.until_known()
        seen, plain = await play.health.show()
        assert (seen.pool, seen.name, seen.state) == ("web", "a", "down")
        assert seen.check is not None
        assert (seen.check.check, seen.check.up, seen.check.attempts) == ("HEAD /x", False, 1)
        assert seen.check.reason == seen.why == "403 not among accepted 200-299, 301, 302, 401"
        assert seen.check.failure is not None
        assert bytes.fromhex(seen.check.failure["sent"]).startswith(b"HEAD /x HTTP/1.1\r\n")
        assert bytes.fromhex(seen.check.failure["received"]) == REFUSED
        assert seen.agent is not None
        assert [(each.before, each.state, each.by) for each in seen.changes] == [
            ("checking", "down", "health")
        ]
        assert (plain.name, plain.check, plain.agent, plain.changes) == ("p", None, None, ())
        assert len(json.loads(at_once(written([seen, plain])))) == 2

    played(work)


def test_one_more_try_changes_nothing() -> None:
    async def work(play: Play) -> None:
        await play.until_known()
        play.server.plays = answering(FINE)
        tried = await play.health.try_now("a")
        assert tried.report is not None
        assert (tried.pool, tried.server, tried.report.outcome) == ("web", "a", Outcome.GOOD)
        (seen,) = await play.health.show(["a"])
        assert seen.state == "down"
        assert seen.check is not None
        assert seen.check.attempts == 1
        assert (await play.health.try_now("p")).report is None
        with pytest.raises(NoServer):
            play.health.try_now("nobody")
        with pytest.raises(NoServer):
            play.health.show(["nobody"])

    played(work)


def test_a_try_that_is_under_way_at_the_end_is_given_up() -> None:
    told: list[Any] = []

    async def work(play: Play) -> None:
        await play.until_known()
        play.server.plays = hanging
        trying = play.health.try_now("a")
        trying.addErrback(lambda failure: told.append(failure.value))
        await play.service.stopService()
        assert told
        play.service.startService()

    played(work)
    (error,) = told
    assert isinstance(error, OperatingError)
    assert str(error) == "it has stopped meanwhile"
