"""Reload in place: what changed changes, what did not stays, and a failure changes nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor

from kit.conversations import GET
from kit.plays import HELLO, Conversation
from kit.real_reactor import run_reactor
from kit.real_servers import RealServer, real_server
from kit.reloads import Config, Play, played, site
from pointsman.app.service import service as service_of
from pointsman.core.server_states import DRAINING
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError, ReloadError
from pointsman.net.listener import ListenError


@pytest.fixture
def real() -> Iterator[RealServer]:
    with real_server() as server:
        yield server


@pytest.fixture
def other() -> Iterator[RealServer]:
    with real_server() as server:
        yield server


def test_nothing_that_did_not_change_is_touched(real: RealServer) -> None:
    async def work(play: Play) -> None:
        await play.ask()
        running = play.running.services[0]
        kept = (running, running.clients, running.listeners, running.counts, play.member())
        idle = len(running.idle)
        play.member().set_weight(5)
        play.member().set_admin(DRAINING)
        plan = await play.change(play.config)
        assert plan.changes == ()
        running = play.running.services[0]
        assert (running, running.clients, running.listeners, running.counts,
                play.member()) == kept  # fmt: skip
        assert (len(running.idle), idle) == (1, 1)
        assert (play.member().weight, play.member().admin) == (5, DRAINING)
        play.member().set_admin("enabled")
        await play.ask()
        assert len(real.conversations) == 1
        assert play.service.counts["site"].exchanges == 2

    played(work, site(real))


def test_open_connections_of_clients_go_on_with_the_new_settings(real: RealServer) -> None:
    async def work(play: Play) -> None:
        _, _, headers = await play.ask()
        assert headers["Via"] == "1.1 pointsman"
        changed = site(real, forwarding={"via": "other"}, timeouts={"idle": "7s"})
        plan = await play.change(changed)
        assert plan.changes == (
            "virtual service site: timeouts.idle 1m -> 7s",
            "virtual service site: forwarding.via pointsman -> other",
        )
        sock = play.clients.kept.sock
        for kept in (True, False):
            _, _, headers = await play.ask(kept)
            assert headers["Via"] == "1.1 other"
        assert play.clients.kept.sock is sock
        running = play.running.services[0]
        assert running.service.accepted == 2
        assert len(running.clients) <= 2

    played(work, site(real))


def test_an_exchange_under_way_ends_as_it_began(real: RealServer) -> None:
    async def work(play: Play) -> None:
        port = play.port()
        answers = threading.Event()

        def plays(conversation: Conversation) -> None:
            conversation.request()
            answers.wait(20)
            conversation.send(HELLO)

        real.plays = plays
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(GET)
            await play.thread(real.until, lambda: len(real.requests) == 1)
            await play.change(site(real, forwarding={"via": "other"}))
            answers.set()
            assert b"Via: 1.1 pointsman\r\n" in await play.thread(client.recv, 4096)

    played(work, site(real))


def test_new_work_goes_to_the_servers_of_now(real: RealServer, other: RealServer) -> None:
    async def work(play: Play) -> None:
        await play.ask()
        plan = await play.change(site(other))
        assert len(plan.changes) == 1
        await play.ask()
        assert (len(real.requests), len(other.requests)) == (1, 1)
        # The idle connection to the server that is gone is closed.
        await play.thread(real.until, lambda: real.conversations[0].ended)

    played(work, site(real))


def test_services_come_and_go(real: RealServer) -> None:
    async def work(play: Play) -> None:
        more = site(real)
        more["virtual_services"]["more"] = {
            "listen": "127.0.0.1:0", "mode": "tcp",
            "pool": {"health": "none", "servers": {"x": real.address}},
        }  # fmt: skip
        plan = await play.change(more)
        assert plan.changes == ("virtual service more added",)
        port = play.port("more")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as tunnel:
            tunnel.sendall(GET)
            assert (await play.thread(tunnel.recv, 4096)).startswith(b"HTTP/1.1 200")
            plan = await play.change(play.config)
            assert plan.changes == ("virtual service more removed",)
            assert list(play.service.ports) == ["site"]
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            # It has its drain time.
            tunnel.sendall(GET)
            assert (await play.thread(tunnel.recv, 4096)).startswith(b"HTTP/1.1 200")
            assert len(play.running.leaving) == 1
        while len(play.running.leaving):
            await play.thread(lambda: None)

    played(work, site(real))


def test_another_mode_on_the_same_address(real: RealServer) -> None:
    async def work(play: Play) -> None:
        port = play.port()
        await play.change(site(real, mode="tcp"))
        assert play.port() == port
        assert (await play.ask(kept=False))[0] == 200
        while not play.service.counts["site"].exchanges:
            await play.thread(lambda: None)
        assert play.service.counts["site"].classes == {"none": 1}

    played(work, site(real))


def test_a_configuration_with_errors_changes_nothing(real: RealServer) -> None:
    async def work(play: Play) -> None:
        await play.ask()
        site = play.running.site
        for wrong in (
            {"version": 1, "virtual_services": {"site": {"listen": "nowhere"}}},
            {**play.config, "pools": {"p": {"health": {"port": 1}, "servers": {"x": "unix:/x"}}}},
            {**play.config, "pools": {"p": {"servers": {"x": {"endpoint": "odd"}}}}},
        ):
            with pytest.raises(ConfigError):
                await play.change(wrong)
            assert play.running.site is site
        assert (await play.ask())[0] == 200
        assert play.service.reloading.number == 1

    played(work, site(real))


def test_an_address_in_use_changes_nothing(real: RealServer) -> None:
    async def work(play: Play) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            wanted = site(real, timeouts={"idle": "5s"})
            wanted["virtual_services"]["more"] = {
                "listen": f"127.0.0.1:{taken.getsockname()[1]}", "pool": {
                    "health": "none", "servers": {"x": real.address}}}  # fmt: skip
            with pytest.raises(ListenError, match="somebody listens there already"):
                await play.change(wanted)
        assert list(play.service.ports) == ["site"]
        assert play.running.services[0].service.settings.timeouts.idle == 60.0
        assert (await play.ask())[0] == 200
        await play.change(wanted)
        assert list(play.service.ports) == ["site", "more"]

    played(work, site(real))


def test_what_would_change_can_be_asked(real: RealServer) -> None:
    async def work(play: Play) -> None:
        changed = site(real, timeouts={"idle": "5s"})
        plan = await play.service.reloading.check(changed)
        assert plan.changes == ("virtual service site: timeouts.idle 1m -> 5s",)
        assert play.running.services[0].service.settings.timeouts.idle == 60.0
        assert play.service.configuration is not plan.configuration

    played(work, site(real))


def test_a_file_is_read_anew(real: RealServer, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = f"""\
version: 1
virtual_services:
  site: {{listen: "127.0.0.1:0", pool: {{health: none, servers: {{a: "{real.address}"}}}}}}
"""
    path.write_text(text)

    async def work(play: Play) -> None:
        path.write_text(text.replace("health: none", "health: tcp"))
        plan = await play.service.reloading.change()
        assert plan.changes == ("virtual service site: health none -> tcp",)

    config: Any = str(path)
    played(work, config)


def test_one_that_was_given_in_code_cannot_be_read_anew(real: RealServer) -> None:
    async def work(play: Play) -> None:
        with pytest.raises(ReloadError, match="no file"):
            await play.service.reloading.change()

    played(work, site(real))


def test_changes_are_made_one_after_the_other(real: RealServer) -> None:
    async def work(play: Play) -> None:
        changes = [play.change(site(real, timeouts={"idle": f"{n}s"})) for n in (1, 2, 3)]
        told = [(await change).changes[0].partition("idle ")[2] for change in changes]
        assert told == ["1m -> 1s", "1s -> 2s", "2s -> 3s"]
        assert play.service.reloading.number == 4

    played(work, site(real))


def test_plugins_are_told(real: RealServer) -> None:
    class Diary:
        def __init__(self) -> None:
            self.entries: list[object] = []

        @hookimpl
        def reloaded(self, services: object, changes: object) -> None:
            self.entries.append((services, changes))

    diary = Diary()

    async def work(play: Play) -> None:
        await play.change(site(real, timeouts={"idle": "5s"}))

    played(work, site(real), plugins=[diary])
    assert diary.entries == [(("site",), ("virtual service site: timeouts.idle 1m -> 5s",))]


def test_only_what_is_at_work_can_be_changed(real: RealServer) -> None:
    async def work(reactor: EPollReactor) -> None:
        service = service_of(site(real), reactor)
        with pytest.raises(ReloadError, match="not at work"):
            await service.reloading.change(site(real))

    run_reactor(work)


def test_a_name_is_looked_up_before_it_is_used(real: RealServer) -> None:
    async def work(play: Play) -> None:
        named = site(real)
        servers = named["virtual_services"]["site"]["pool"]["servers"]
        servers["a"]["address"] = f"localhost:{real.port}"
        await play.change(named)
        assert (await play.ask())[0] == 200
        assert play.member().failures == 0

    played(work, site(real))


def test_health_and_its_place_in_the_interval_stay(real: RealServer) -> None:
    def checked(path: str = "/", **keys: Any) -> Config:
        config = site(real, **keys)
        pool = config["virtual_services"]["site"]["pool"]
        pool["health"] = {"kind": "http", "path": path, "interval": "1h", "method": "GET"}
        return config

    async def work(play: Play) -> None:
        await play.thread(real.until, lambda: len(real.requests) == 1)
        while play.member().checking:
            await play.thread(lambda: None)
        state = play.running.checks.state_of(play.member())
        await play.change(checked(timeouts={"idle": "5s"}))
        assert play.running.checks.state_of(play.member()) == state
        assert len(real.requests) == 1
        await play.change(checked(path="/other"))
        await play.thread(real.until, lambda: len(real.requests) == 2)
        await play.change(site(real))
        assert play.running.checks.state_of(play.member()) is None

    played(work, checked())
