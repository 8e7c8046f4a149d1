"""What a reload takes away from those who still use it: their servers, and the tables of pins."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.conversations import GET
from kit.plays import HELLO, Conversation, polite
from kit.programs import NeedsProgram
from kit.real_servers import RealServer, real_server
from kit.reloads import Config, Play, played, site
from kit.valkey import valkey_server


@pytest.fixture
def real() -> Iterator[RealServer]:
    with real_server() as server:
        yield server


@pytest.fixture
def other() -> Iterator[RealServer]:
    with real_server() as server:
        yield server


def test_tunnels_to_a_removed_server_have_the_drain_time_of_their_pool(
    real: RealServer, other: RealServer
) -> None:
    def tunnels(server: RealServer, drain: str) -> Config:
        config = site(server, mode="tcp")
        config["virtual_services"]["site"]["pool"]["drain_time"] = drain
        return config

    async def work(play: Play) -> None:
        for drain in ("1h", "0s"):
            await play.change(tunnels(real, drain))
            with socket.create_connection(("127.0.0.1", play.port()), timeout=20) as tunnel:
                tunnel.sendall(GET)
                assert (await play.thread(tunnel.recv, 4096)).startswith(b"HTTP/1.1 200")
                await play.change(tunnels(other, drain))
                if drain == "1h":
                    tunnel.sendall(GET)
                    assert (await play.thread(tunnel.recv, 4096)).startswith(b"HTTP/1.1 200")
                else:
                    with contextlib.suppress(ConnectionResetError):
                        assert await play.thread(tunnel.recv, 4096) == b""

    played(work, tunnels(real, "1h"))


def pinned(folder: Path | None, timeout: str, *servers: RealServer, **keys: Any) -> Config:
    config = site(*servers, timeouts={"drain": "0s"})
    persistence = {"kind": "server_cookie", "cookie": "sid", "timeout": timeout, **keys}
    config["virtual_services"]["site"]["pool"]["persistence"] = persistence
    if folder is not None:
        config["state_dir"] = str(folder)
    return config


class Visitor:
    """A client that comes again and again, on new connections, with its cookie."""

    def __init__(self, play: Play, servers: list[RealServer]) -> None:
        self._play = play
        self._servers = servers

    def _ask(self) -> bytes:
        with socket.create_connection(("127.0.0.1", self._play.port()), timeout=20) as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nCookie: sid=7\r\nConnection: close\r\n\r\n"
            )
            with client.makefile("rb") as answer:
                return answer.read()

    async def comes_to(self, times: int = 4) -> set[int]:
        """The numbers of the servers that it comes to."""
        before = [len(server.requests) for server in self._servers]
        for _ in range(times):
            assert (await self._play.thread(self._ask)).startswith(b"HTTP/1.1 200")
        after = [len(server.requests) for server in self._servers]
        return {n for n, (one, two) in enumerate(zip(before, after, strict=True)) if one != two}


def test_another_persistence_finds_the_pins_in_the_file(
    real: RealServer, other: RealServer, tmp_path: Path
) -> None:
    async def work(play: Play) -> None:
        visitor = Visitor(play, [real, other])
        (home,) = await visitor.comes_to()
        for timeout in ("2m", "3m", "4m"):
            former = play.running.site.tables
            await play.change(pinned(tmp_path, timeout, real, other))
            (table,) = play.running.site.tables
            assert table is not former[0]
            assert await visitor.comes_to() == {home}
            assert dict(table.counts()) == {"ab"[home]: 1}
        file = table._file
        while file.users > 1:  # the former ones are closed when nobody can be using them
            await play.thread(lambda: None)
        assert await visitor.comes_to() == {home}

    played(work, pinned(tmp_path, "1m", real, other))


def test_another_persistence_finds_the_pins_on_the_server(
    real: RealServer, other: RealServer, tmp_path: Path, needs_program: NeedsProgram
) -> None:
    program = needs_program("redis-server", package="redis-server")
    with valkey_server(program, tmp_path / "server") as server:
        table = {"kind": "valkey", "server": f"127.0.0.1:{server.port}"}

        async def work(play: Play) -> None:
            visitor = Visitor(play, [real, other])
            (home,) = await visitor.comes_to()
            for timeout in ("2m", "3m", "4m"):
                former = play.running.site.tables
                await play.change(pinned(None, timeout, real, other, table=table))
                (found,) = play.running.site.tables
                assert found is not former[0]
                # It was loaded before the first client came.
                assert dict(found.counts()) == {"ab"[home]: 1}
                assert await visitor.comes_to() == {home}

        played(work, pinned(None, "1m", real, other, table=table))


def test_pins_in_memory_go_over_to_a_persistence_with_other_times(
    real: RealServer, other: RealServer
) -> None:
    async def work(play: Play) -> None:
        visitor = Visitor(play, [real, other])
        (home,) = await visitor.comes_to()
        for timeout in ("2m", "3m", "4m"):
            await play.change(pinned(None, timeout, real, other))
            (table,) = play.running.site.tables
            assert table.timeout == float(timeout[0]) * 60
            assert dict(table.counts()) == {"ab"[home]: 1}
            assert await visitor.comes_to() == {home}
        # By another cookie it is somebody else.
        await play.change(pinned(None, "4m", real, other, cookie="other"))
        (table,) = play.running.site.tables
        assert len(table) == 0
        assert await visitor.comes_to() == {0, 1}

    played(work, pinned(None, "1m", real, other))


def test_what_is_learned_by_the_former_persistence_is_known_to_the_next(
    real: RealServer, other: RealServer, tmp_path: Path
) -> None:
    answers = threading.Event()

    def plays(conversation: Conversation) -> None:
        conversation.request()
        answers.wait(20)
        conversation.send(HELLO.replace(b"\r\n\r\n", b"\r\nSet-Cookie: sid=7\r\n\r\n"))

    async def work(play: Play) -> None:
        real.plays = other.plays = plays
        with socket.create_connection(("127.0.0.1", play.port()), timeout=20) as client:
            client.sendall(GET)
            await play.thread(real.until, lambda: len(real.requests) + len(other.requests) == 1)
            home = 0 if real.requests else 1
            changed = pinned(tmp_path, "2m", real, other)
            changed["virtual_services"]["site"]["timeouts"]["drain"] = "1h"
            await play.change(changed)
            answers.set()
            assert b"sid=7" in await play.thread(client.recv, 4096)
            real.plays = other.plays = polite
            assert await Visitor(play, [real, other]).comes_to() == {home}

    config = pinned(tmp_path, "1m", real, other)
    config["virtual_services"]["site"]["timeouts"]["drain"] = "1h"
    played(work, config)
