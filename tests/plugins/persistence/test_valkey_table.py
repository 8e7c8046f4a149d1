"""Tests of the table that machines share: the contract on its copy, and a server that is real."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import deferLater
from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.programs import NeedsProgram
from kit.table_contract import TableContract, TableMachine
from kit.valkey import Sharing, ValkeyServer, now, quick, sharing, valkey_server
from pointsman.contracts import Pin, Table
from pointsman_persistence.valkey_table import ValkeyTable
from pointsman_persistence.valkey_words import USE


def no_links(*arguments: object) -> Any:
    raise AssertionError("nobody starts it")


class TestValkeyTable(TableContract):
    """Without a server, as when it is lost."""

    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return ValkeyTable("web", "pointsman", no_links, size, timeout, max_age)


class ValkeyMachine(TableMachine):
    def make(self, size: int, timeout: float, max_age: float | None) -> Table:
        return ValkeyTable("web", "pointsman", no_links, size, timeout, max_age)


TestValkeyMachine = ValkeyMachine.TestCase


# ---- with a server ----


@pytest.fixture
def server(tmp_path: Path, needs_program: NeedsProgram) -> Iterator[ValkeyServer]:
    program = needs_program("redis-server", package="redis-server")
    with valkey_server(program, tmp_path / "server") as server:
        yield server


def test_what_one_pins_the_other_knows(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        key = bytes(range(256)) + b" \r\n*?[x]"
        one.put_if_absent(key, "server ü", now())
        await site.holds(two, key, "server ü")
        two.move(key, "b", now())
        await site.holds(one, key, "b")
        one.drop(key)
        await site.holds(two, key, None)
        await site.settled()
        assert one.counts() == two.counts() == {"mark": 2}

    sharing(server, work)


def test_of_two_who_pin_at_once_the_server_takes_one(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        for n in range(200):
            one.put_if_absent(b"%d" % n, "a", now())
            two.put_if_absent(b"%d" % (199 - n), "b", now())
            if n % 20 == 0:
                await deferLater(site.reactor, 0, lambda: None)
        await site.settled()
        holders = [
            [pin and pin.member for pin in (table.peek(b"%d" % n, now()) for n in range(200))]
            for table in (one, two)
        ]
        assert holders[0] == holders[1]
        assert None not in holders[0]
        assert set(holders[0]) == {"a", "b"}

    sharing(server, work)


def test_a_newcomer_loads_everything_with_its_times(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready(size=5000, timeout=600.0)
        for n in range(3000):
            one.restore(b"%d" % n, Pin("a", now() - 500.0, now() - 100.0))
        one.put(b"other pool", "a", now())
        await site.settled()
        two = await site.ready(size=5000, timeout=600.0)
        assert len(two) == len(one)
        for n in (0, 1234, 2999):
            pin = two.peek(b"%d" % n, now())
            assert pin is not None
            assert pin.made == pytest.approx(now() - 500.0, abs=2.0)
            assert pin.used == pytest.approx(now() - 100.0, abs=2.0)

    sharing(server, work)


def test_pools_and_prefixes_do_not_see_each_other(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        tables = [
            await site.ready(name="web"),
            await site.ready(name="web*"),
            await site.ready(name="web", prefix="other"),
            await site.ready(name="web", database=3),
        ]
        for n, table in enumerate(tables):
            table.put(b"k", f"server {n}", now())
        for table in tables:
            await site.settled(table)
        again = [
            await site.ready(name="web"),
            await site.ready(name="web*"),
            await site.ready(name="web", prefix="other"),
            await site.ready(name="web", database=3),
        ]
        assert [len(table) for table in again] == [2, 2, 2, 2]
        for n, table in enumerate(again):
            await site.holds(table, b"k", f"server {n}")

    sharing(server, work)


def test_a_use_here_keeps_the_pin_alive_there(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(timeout=1.0), await site.ready(timeout=1.0)
        one.put(b"used", "a", now())
        one.put(b"left alone", "a", now())
        end = now() + 2.5
        while now() < end:
            assert one.find(b"used", now()) is not None
            await deferLater(site.reactor, 0.02, lambda: None)
        assert two.peek(b"used", now()) is not None
        assert server.ask("GET", b"pointsman:web:pin:used").startswith(b"$")
        assert two.peek(b"left alone", now()) is None
        assert server.ask("EXISTS", b"pointsman:web:pin:left alone") == b":0\r\n"

    sharing(server, work)


def test_an_age_that_no_use_prolongs_holds_on_the_server_too(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready(timeout=60.0, max_age=1.0)
        one.put(b"k", "a", now())
        await site.settled()
        assert one.find(b"k", now()) is not None
        left = int(server.ask("PTTL", b"pointsman:web:pin:k")[1:])
        assert 0 < left <= 1000

    sharing(server, work)


def test_a_drop_spares_what_another_pinned_meanwhile(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        one.put(b"k", "a", now())
        await site.holds(two, b"k", "a")
        # Both see that a is down in the same moment, and choose.
        one.drop(b"k")
        two.drop(b"k")
        one.put_if_absent(b"k", "b", now())
        two.put_if_absent(b"k", "c", now())
        await site.settled()
        pins = [table.peek(b"k", now()) for table in (one, two)]
        assert pins[0] is not None
        assert pins[1] is not None
        assert pins[0].member == pins[1].member
        assert pins[0].member in ("b", "c")

    sharing(server, work)


# ---- a server that goes and comes ----


def test_while_the_server_is_gone_the_copy_serves_and_all_is_made_good(
    server: ValkeyServer,
) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        for n in range(100):
            one.put_if_absent(b"%d" % n, "a", now())
        await site.settled()
        server.kill()
        assert await site.until(lambda: not one._is_up and not two._is_up)
        assert all(two.find(b"%d" % n, now()) is not None for n in range(100))
        one.put_if_absent(b"new", "a", now())
        one.move(b"1", "b", now())
        one.drop(b"2")
        two.drop(b"3")
        two.put_if_absent(b"3", "c", now())
        await deferLater(site.reactor, 0.1, lambda: None)
        server.start()  # it knows nothing any more
        await site.settled()
        for table in (one, two):
            await site.holds(table, b"0", "a")
            await site.holds(table, b"new", "a")
            await site.holds(table, b"1", "b")
            await site.holds(table, b"3", "c")
        three = await site.ready()
        assert len(three) >= 101

    with quick(), noted_log() as events:
        sharing(server, work)
    told = [formatEvent(event) for event in events]
    lost = [line for line in told if "the server is lost" in line]
    assert len(lost) == 2, "once for each table, however often it was tried"
    assert "new ones are known here alone until it is back" in lost[0]
    assert len([line for line in told if "shared with the server" in line]) == 5


@pytest.mark.parametrize("together", [True, False])
def test_uses_that_the_server_did_not_hear_of_are_told_when_it_is_back(
    server: ValkeyServer, together: bool
) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        then = now() - 50.0
        for n in range(20):
            one.restore(b"%d" % n, Pin("a", then, then))
        await site.settled()
        server.kill()
        await site.until(lambda: not one._is_up and not two._is_up)
        user, other = (one, two) if together else (two, one)
        for n in range(20):
            assert user.find(b"%d" % n, now()) is not None
        server.start()
        await site.settled()
        for n in range(20):
            await site.until(partial(_is_used, other, b"%d" % n))
            assert _unused(other, b"%d" % n) < 10.0
            assert int(server.ask("PTTL", b"pointsman:web:pin:%d" % n)[1:-2]) > 50_000

    with quick():
        sharing(server, work)


def test_a_use_that_another_has_outdone_is_answered(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one, two = await site.ready(), await site.ready()
        one.put_if_absent(b"k", "a", now())
        await site.holds(two, b"k", "a")
        # Both tell of a use at the same moment, the second of an older one.
        late, early = now(), now() - 30.0
        one._tell(USE, b"k", Pin("a", late, late + 5.0), late)
        pin = two.peek(b"k", late)
        assert pin is not None
        pin.used = early
        two._tell(USE, b"k", Pin("a", late, early), late)
        await site.until(partial(_is_used, two, b"k"))
        assert _unused(two, b"k") < 10.0

    sharing(server, work)


def _is_used(table: ValkeyTable, key: bytes) -> bool:
    return _unused(table, key) < 10.0


def _unused(table: ValkeyTable, key: bytes) -> float:
    pin = table.peek(key, now())
    return now() - pin.used if pin is not None else float("inf")


def test_a_server_that_is_not_there_at_first_holds_nobody_up(
    server: ValkeyServer,
) -> None:
    async def work(site: Sharing) -> None:
        server.kill()
        table = await site.ready()
        assert not table._is_up
        table.put_if_absent(b"k", "a", now())
        server.start()
        await site.settled()
        assert (await site.ready()).peek(b"k", now()) is not None

    with quick():
        sharing(server, work)


def test_a_server_that_forgot_its_scripts_is_given_them_again(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready()
        server.ask("SCRIPT", "FLUSH")
        one.put(b"k", "a", now())
        await site.until(lambda: not one._is_up)
        await site.settled()
        assert server.ask("EXISTS", b"pointsman:web:pin:k") == b":1\r\n"

    with quick():
        sharing(server, work)


def test_what_the_server_refuses_is_told_once(server: ValkeyServer) -> None:
    async def work(site: Sharing) -> None:
        one = await site.ready()
        server.ask("CONFIG", "SET", "maxmemory", "1")
        for n in range(5):
            one.put(b"%d" % n, "a", now())
            assert await site.until(lambda: not one._under_way)
        assert len(one) == 5

    with noted_log() as events:
        sharing(server, work)
    told = [formatEvent(event) for event in events]
    assert len([line for line in told if "the server refuses: OOM" in line]) == 1
