"""The demonstration put together: servers, balancer, traffic and table, from start to summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from pointsman.app.demo.children import Child
from pointsman.app.demo.traffic import Traffic
from pointsman.app.demo.view import Row, View
from pointsman.app.running import Program
from pointsman.app.service import PointsmanService, service
from pointsman.hookspecs import hookimpl

SERVICE = "demo"
# How often a server is asked whether it is up.
CHECK_SECONDS = 1


def configuration(children: Sequence[Child], port: int, scheduling: str) -> Mapping[str, Any]:
    """The balancer's configuration, as it could stand in a file."""
    return {
        "version": 1,
        "defaults": {"timeouts": {"drain": "2s"}},
        "virtual_services": {
            SERVICE: {
                "listen": f"127.0.0.1:{port}",
                "pool": {
                    "scheduling": scheduling,
                    "health": {
                        "kind": "http",
                        "path": "/health",
                        "interval": f"{CHECK_SECONDS}s",
                        "timeout": f"{CHECK_SECONDS}s",
                        "retries": 0,
                    },
                    "servers": {child.name: f"127.0.0.1:{child.port}" for child in children},
                },
            }
        },
    }


class Show:
    """Runs the demonstration. It is a plugin of its own balancer, to hear of what happens.

    Args:
        reactor: not yet running.
        children: the real servers, listening.
        console: where everything is shown.
        port: to listen on, 0 for a free one.
        scheduling: name of the scheduler.
        seconds: how long it goes on, 0 until a signal comes.
        traffic: whether to make requests.
    """

    def __init__(
        self,
        reactor: Any,
        children: Sequence[Child],
        console: Console,
        *,
        port: int = 0,
        scheduling: str = "round_robin",
        seconds: float = 0.0,
        traffic: bool = True,
    ) -> None:
        self._reactor = reactor
        self._children = children
        self._console = console
        self._seconds = seconds
        self._wants_traffic = traffic
        self._traffic: Traffic | None = None
        self._timer: Any = None
        config = configuration(children, port, scheduling)
        self._service: PointsmanService = service(config, reactor, plugins=[self])
        self._program = Program(reactor, self._service)
        self._view = View(console)
        self._rows: list[Row] = []

    def run(self) -> int:
        """Show it until the end; the exit status of the program."""
        return self._program.run()

    @property
    def log_stream(self) -> View:
        """Where a log can be written to without spoiling the table."""
        return self._view

    @property
    def used(self) -> Mapping[str, int]:
        """Name of each server -> requests that it got, checks not counted."""
        return {row.name: row.requests for row in self._rows}

    # ---- what the balancer tells its plugins ----

    @hookimpl
    def started(self, services: Sequence[str]) -> None:
        """The balancer listens: begin."""
        (port,) = self._service.ports[SERVICE]
        self._view.hints = self._hints(port)
        self._view.start()
        if self._wants_traffic:
            self._traffic = Traffic(self._reactor, port)
            self._traffic.start()
        if self._seconds:
            self._reactor.callLater(self._seconds, self._program.stop, f"{self._seconds:g} s")
        self._refresh()

    @hookimpl
    def health_changed(self, pool: str, server: str, up: bool, reason: str) -> None:
        """A server came or went."""
        self._show()

    @hookimpl
    def stopping(self) -> None:
        """The balancer takes no more: ask no more, and say how it was."""
        if self._timer is not None:
            self._timer.cancel()
        if self._traffic is not None:
            self._traffic.stop()
        self._show()
        self._view.stop()
        self._summary()

    # ---- what is shown ----

    def _refresh(self) -> None:
        terminal = self._console.is_terminal
        self._timer = self._reactor.callLater(0.25 if terminal else 1.0, self._refresh)
        self._show()

    def _show(self) -> None:
        site = self._service.site
        if site is None:
            return
        (pool,) = site.site.pools.values()
        self._rows = [
            Row(each.name, each.server.place, each.state, each.reason, each.total, each.active)
            for each in pool.members
        ]
        self._view.show(self._rows, self._told_of_traffic())

    def _told_of_traffic(self) -> str:
        traffic = self._traffic
        return f"own requests: {traffic.good} good, {traffic.bad} bad" if traffic else ""

    def _summary(self) -> None:
        total = sum(self.used.values())
        parts = [f"{name} {count}" for name, count in self.used.items()]
        self._view.write(f"{total} requests balanced: {', '.join(parts)}")

    def _hints(self, port: int) -> tuple[str, ...]:
        hints = [f"try:  curl http://127.0.0.1:{port}/"]
        for child in self._children:
            hints.append(f"{child.name}: kill {child.pid}    and to start it again: {child.again}")
        hints.append("Ctrl-C ends it" if not self._seconds else f"ends in {self._seconds:g} s")
        return tuple(hints)
