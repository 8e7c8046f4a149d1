"""Two hundred clients that come and go for an hour: none meets a server that does not know it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kit.mobile_clients import BEGIN, CLIENTS, HOUR, MINUTE, SESSION, Balancer, Hour
from kit.mobile_workers import Worker, tick_all, with_lmdb, with_valkey, workers
from kit.programs import NeedsProgram
from kit.running_site import eventually
from kit.valkey import valkey_server
from pointsman.contracts import Persistence, Table
from pointsman.core.persistence_chain import Chain
from pointsman.core.server_states import DRAINING, ENABLED
from pointsman_persistence.active_cookie import ActiveCookie
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.lmdb_file import opened
from pointsman_persistence.lmdb_table import LmdbTable
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.server_cookie import ServerCookie
from pointsman_persistence.source_ip import SourceIP
from pointsman_persistence.tokens import Tokens

Made = Callable[[Balancer], Persistence]
KINDS = ("server_cookie", "active_cookie")


def server_cookie(balancer: Balancer) -> Persistence:
    table = MemoryTable(10_000, SESSION)
    return ServerCookie(table, b"sid", wall=lambda: BEGIN + balancer.now)


def with_fallback(balancer: Balancer) -> Persistence:
    return Chain(server_cookie(balancer), SourceIP(MemoryTable(10_000, SESSION)))


def active_cookie(balancer: Balancer) -> Persistence:
    tokens = Tokens(b"s" * 32, "pool", rotate=24 * HOUR)
    inserted = Inserted(b"pin", strip=True)
    return ActiveCookie(tokens, inserted, SESSION, wall=lambda: BEGIN + balancer.now)


def lasting(folder: Path) -> Made:
    """Server cookies in a file that is still there after a restart."""
    tables: list[Table] = []

    def make(balancer: Balancer) -> Persistence:
        for table in tables:
            table.close()
        tables[:] = [
            LmdbTable(
                folder, "pool", 10_000, SESSION, None,
                lambda where: opened(
                    where, lambda: balancer.now, lambda: BEGIN + balancer.now, "boot"
                ),
            )
        ]  # fmt: skip
        tables[0].start(None)
        return ServerCookie(tables[0], b"sid", wall=lambda: BEGIN + balancer.now)

    return make


def check(hour: Hour, balancer: Balancer) -> None:
    hour.check()
    assert len(balancer.records) == hour.statuses.total()
    assert [member.active for member in balancer.members] == [0, 0]


@pytest.mark.parametrize("make", [server_cookie, with_fallback, active_cookie])
def test_nobody_meets_a_server_that_does_not_know_it(make: Made) -> None:
    balancer = Balancer(make)
    hour = Hour([balancer])
    hour.passes({})
    check(hour, balancer)


@pytest.mark.parametrize("make", [server_cookie, with_fallback, active_cookie])
def test_not_even_while_a_server_is_drained(make: Made) -> None:
    balancer = Balancer(make)
    hour = Hour([balancer])
    a = balancer.members[0]
    hour.passes(
        {20 * MINUTE: lambda: a.set_admin(DRAINING), 40 * MINUTE: lambda: a.set_admin(ENABLED)}
    )
    check(hour, balancer)


def test_not_even_after_a_restart_with_a_cookie_of_ours() -> None:
    balancer = Balancer(active_cookie)
    hour = Hour([balancer])
    hour.passes({20 * MINUTE: balancer.restart, 40 * MINUTE: balancer.restart})
    check(hour, balancer)


def test_not_even_after_a_restart_with_pins_in_a_file(tmp_path: Path) -> None:
    balancer = Balancer(lasting(tmp_path / "pins"))
    hour = Hour([balancer])
    hour.passes({20 * MINUTE: balancer.restart, 40 * MINUTE: balancer.restart})
    check(hour, balancer)


@pytest.mark.parametrize("kind", KINDS)
def test_not_even_at_processes_that_share_a_file(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "pins"
    folder.mkdir(mode=0o700)
    with workers(2, with_lmdb, kind, folder) as two:
        hour = Hour(two)
        hour.closes = True

        def killed() -> None:
            two[0].kill()
            two[0] = hour.balancers[0] = Worker(with_lmdb, hour.now, kind, folder)

        hour.passes({10 * MINUTE: killed}, HOUR / 3)
        hour.check(800)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_not_even_at_four_processes_that_are_killed_and_restarted(
    kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "pins"
    folder.mkdir(mode=0o700)
    with workers(4, with_lmdb, kind, folder) as four:
        hour = Hour(four)
        hour.closes = True

        def again(place: int, end: Callable[[Worker], None]) -> None:
            end(four[place])
            four[place] = hour.balancers[place] = Worker(with_lmdb, hour.now, kind, folder)

        def all_again() -> None:
            for worker in four:
                worker.stop()
            four[:] = [Worker(with_lmdb, hour.now, kind, folder) for _ in four]
            hour.balancers[:] = four

        hour.passes(
            {
                10 * MINUTE: lambda: again(1, Worker.kill),
                25 * MINUTE: all_again,
                45 * MINUTE: lambda: again(2, Worker.stop),
            }
        )
        hour.check()


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        ("server_cookie", HOUR / 3),
        ("active_cookie", HOUR / 3),
        pytest.param("server_cookie", HOUR, marks=pytest.mark.slow),
        pytest.param("active_cookie", HOUR, marks=pytest.mark.slow),
    ],
)
def test_not_even_at_two_instances_whose_cache_is_killed_and_comes_back(
    kind: str, length: float, tmp_path: Path, needs_program: NeedsProgram
) -> None:
    program = needs_program("redis-server", package="redis-server")
    with (
        valkey_server(program, tmp_path / "server") as server,
        workers(2, with_valkey, kind, server.port, b"s" * 32) as two,
    ):
        hour = Hour(two)
        alone: dict[int, Worker] = {}
        is_there = True

        def roams(hour: Hour, who: int) -> Worker:
            """To any, but who begins while the cache is lost is known at one of them alone."""
            tick_all(two, hour.now)  # nobody is back within the time that a change needs
            if is_there:
                return hour.random.choice(two)
            if not hour.jars[who]:
                alone[who] = hour.random.choice(two)
            return alone.get(who) or hour.random.choice(two)

        def lost() -> None:
            nonlocal is_there
            server.kill()
            is_there = False
            eventually(lambda: not any(tick_all(two, hour.now)))

        def back() -> None:
            nonlocal is_there
            server.start()
            eventually(lambda: all(tick_all(two, hour.now)))
            is_there = True
            alone.clear()

        eventually(lambda: all(tick_all(two, hour.now)))
        hour.roams = roams
        hour.begins = lambda who: hour.random.uniform(0.0, length / 2)
        parts = {1 / 12: lost, 1 / 3: back, 1 / 2: lost, 2 / 3: back}
        hour.passes({part * length: event for part, event in parts.items()}, length)
        hour.check(600)


def test_without_pins_they_do() -> None:
    balancer = Balancer(server_cookie)
    hour = Hour([balancer])
    balancer.pool.persistence = balancer.pool.learn = None
    hour.passes({})
    assert hour.statuses[404] == len(hour.unknown) > 500
    assert hour.statuses[302] == CLIENTS
