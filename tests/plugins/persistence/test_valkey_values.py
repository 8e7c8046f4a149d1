"""Values that machines share by a server: the contract on the copy, and a server that is real."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import deferLater

from kit.programs import NeedsProgram
from kit.real_reactor import run_reactor
from kit.valkey import PATIENCE, ValkeyServer, quick, valkey_server
from kit.values_contract import ValuesContract, ValuesMachine
from pointsman.contracts import Surroundings, Value, Values
from pointsman_persistence.valkey_settings import ValkeyTableSettings, make_values
from pointsman_persistence.valkey_values import ValkeyValues


def no_links(*arguments: object) -> Any:
    raise AssertionError("nobody starts it")


class TestValkeyValues(ValuesContract):
    """Without a server, as when it is lost."""

    def make(self, size: int = 1000) -> Values:
        return ValkeyValues("hits", "pointsman", no_links, size)


class ValkeyValuesMachine(ValuesMachine):
    def make(self, size: int = 1000) -> Values:
        return ValkeyValues("hits", "pointsman", no_links, size)


TestValkeyValuesMachine = ValkeyValuesMachine.TestCase


# ---- with a server ----


@pytest.fixture
def server(tmp_path: Path, needs_program: NeedsProgram) -> Iterator[ValkeyServer]:
    program = needs_program("redis-server", package="redis-server")
    with valkey_server(program, tmp_path / "server") as server:
        yield server


class Sharing:
    """Values on one reactor, as if each were on a machine of its own."""

    def __init__(self, reactor: EPollReactor, server: ValkeyServer) -> None:
        self.reactor = reactor
        self.server = server
        self.made: list[ValkeyValues] = []

    async def ready(self, name: str = "hits", **options: Any) -> ValkeyValues:
        given = {"server": f"127.0.0.1:{self.server.port}", "timeout": 60.0, **options}
        values = make_values(ValkeyTableSettings.model_validate(given), Surroundings(name))
        values.start(self.reactor)
        values.start(self.reactor)
        self.made.append(values)
        told: list[bool] = []
        values.when_ready(lambda: told.append(True))
        await self.until(lambda: bool(told))
        return values

    async def until(self, condition: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < limit, "it took too long"
            await deferLater(self.reactor, 0.002, lambda: None)

    async def are(self, key: bytes, value: Value | None) -> None:
        """Wait until all know that value."""

        def do() -> bool:
            return all(one.get(key, time.monotonic()) == value for one in self.made)

        try:
            await self.until(do)
        except AssertionError:
            found = [one.get(key, time.monotonic()) for one in self.made]
            raise AssertionError(f"{key!r}: {found}, not {value!r}") from None


def sharing(server: ValkeyServer, work: Callable[[Sharing], Awaitable[None]]) -> None:
    async def whole(reactor: EPollReactor) -> None:
        site = Sharing(reactor, server)
        try:
            await work(site)
        finally:
            for values in site.made:
                values.close()
                values.close()
            await deferLater(reactor, 0.02, lambda: None)

    run_reactor(whole, seconds=60.0)


def now() -> float:
    return time.monotonic()


def test_what_one_sets_the_others_know(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        for value in ("text ü \r\n", "", 7, 2.5, True, False):
            one.set(bytes(range(256)), value, 60.0, now())
            await site.are(bytes(range(256)), value)
        left = two.left(bytes(range(256)), now())
        assert left is not None
        assert 50.0 < left <= 60.0
        two.set(b"for ever", 1, inf, now())
        await site.are(b"for ever", 1)
        assert one.left(b"for ever", now()) == inf
        two.drop(bytes(range(256)))
        await site.are(bytes(range(256)), None)
        three = await site.ready()
        assert three.get(b"for ever", now()) == 1
        assert abs(three.common(now()) - time.time()) < 5.0
        other = await site.ready("other")
        assert other.get(b"for ever", now()) is None
        site.made.remove(other)
        other.close()

    sharing(server, work)


def test_what_all_count_at_once_adds_up(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        all_three = [await site.ready() for _ in range(3)]
        for turn in range(100):
            for one in all_three:
                one.incr(b"n", 1, 60.0, now())
                one.incr(b"half", 0.5, 60.0, now())
            if turn % 7 == 0:
                await deferLater(site.reactor, 0.001, lambda: None)
        await site.are(b"n", 300)
        await site.are(b"half", 150.0)
        assert all(isinstance(one.get(b"n", now()), int) for one in all_three)
        for one in all_three:
            one.incr(b"full", 1.0, 60.0, now(), least=1000.0, prolong=True)
        await site.are(b"full", 1003.0)
        assert [one.add(b"first", number, 60.0, now()) for number, one in enumerate(all_three)]
        first = all_three[0]
        await site.until(lambda: not first._under_way and not first._changes)
        await site.are(b"first", 0)

    sharing(server, work)


def test_a_lost_server_is_told_what_was_missed(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        one.incr(b"n", 5, 60.0, now())
        one.set(b"old", "x", 60.0, now())
        await site.are(b"n", 5)
        server.kill()
        await site.until(lambda: not one._is_up and not two._is_up)
        one.incr(b"n", 1, 60.0, now())
        two.set(b"k", "y", 60.0, now())
        two.drop(b"old")
        assert one.get(b"n", now()) == 6
        server.start()  # and knows nothing
        await site.until(
            lambda: one._is_up and two._is_up and not one._is_lost and not two._is_lost
        )
        await site.are(b"k", "y")
        await site.until(lambda: one.get(b"n", now()) == two.get(b"n", now()))
        found = one.get(b"n", now())
        assert isinstance(found, int)
        assert found >= 1

    with quick():
        sharing(server, work)


def test_what_is_written_by_nobody_of_ours_is_passed_over(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready()
        server.ask("PUBLISH", one._channel, "nonsense")
        one.set(b"k", 1, 60.0, now())
        await site.are(b"k", 1)
        one.expire(now())
        await site.until(lambda: not one._under_way)

    sharing(server, work)


def test_what_is_refused_is_told_once(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready()
        server.ask("CONFIG", "SET", "maxmemory", "1")
        server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        for number in range(3):
            one.set(b"%d" % number, 1, 60.0, now())
            await site.until(lambda: not one._under_way and not one._changes)
        assert len(one._refusals) == 1
        server.ask("CONFIG", "SET", "maxmemory", "0")

    sharing(server, work)
