"""A service under way that is given other configurations."""

from __future__ import annotations

import http.client
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.threads import deferToThreadPool

from kit.real_reactor import run_reactor
from kit.real_servers import RealServer
from pointsman.app.service import PointsmanService
from pointsman.app.service import service as service_of

Config = dict[str, Any]


class Clients:
    """A connection that is kept, and one for each question."""

    def __init__(self, port: int) -> None:
        self.kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.port = port

    def ask(self, kept: bool = True) -> tuple[int, bytes, Any]:
        """Status, body and headers of one answer."""
        client = self.kept if kept else http.client.HTTPConnection("127.0.0.1", self.port)
        client.request("GET", "/")
        answer = client.getresponse()
        told = answer.status, answer.read(), answer.headers
        if not kept:
            client.close()
        return told


class Play:
    """A service under way, for one test.

    Attributes:
        config: what it began with.
        clients: of the service "site".
    """

    def __init__(self, reactor: EPollReactor, config: Config, **more: Any) -> None:
        self.reactor = reactor
        self.config = config
        self.service: PointsmanService = service_of(config, reactor, **more)
        self.service.startService()
        self.clients = Clients(self.port())

    def port(self, name: str = "site") -> int:
        """Where a service listens."""
        return self.service.ports[name][0]

    def member(self, name: str = "a", pool: str = "site") -> Any:
        """A member as it is now."""
        site = self.service.site
        assert site is not None
        return site.site.pools[pool].member(name)

    @property
    def running(self) -> Any:
        """What is at work."""
        site = self.service.site
        assert site is not None
        return site

    def ask(self, kept: bool = True) -> Deferred[Any]:
        """The same in a thread."""
        return self.thread(self.clients.ask, kept)

    def thread(self, work: Any, *arguments: Any) -> Deferred[Any]:
        """Do something that blocks."""
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)

    def change(self, config: Config) -> Deferred[Any]:
        """Give it another configuration."""
        return self.service.reloading.change(config)


def site(*servers: RealServer, **keys: Any) -> Config:
    """A service "site" with a pool in place of these servers; more keys of it."""
    named = {
        name: {"address": server.address} for name, server in zip("abc", servers, strict=False)
    }
    pool = {"health": "none", "scheduling": "round_robin", "servers": named}
    return {
        "version": 1,
        "virtual_services": {"site": {"listen": "127.0.0.1:0", "pool": pool, **keys}},
    }


def played(work: Any, config: Config, **more: Any) -> Any:
    """Do some work with a ``Play`` of that configuration, and end it."""

    async def play(reactor: EPollReactor) -> Any:
        made = Play(reactor, config, **more)
        try:
            return await work(made)
        finally:
            made.clients.kept.close()
            await made.service.stopService()

    return run_reactor(play, seconds=60)
