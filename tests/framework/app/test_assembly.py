"""A site put together and taken apart on a clock of the test's own, without a socket."""

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from kit.going_clients import GoingClients
from kit.logs import noted_log
from pointsman.app.assembly import TICK, RunningSite
from pointsman.app.leaving import GRACE
from pointsman.app.loading import configuration_of, registry_with, site_of
from pointsman.config.registry import Registry
from pointsman.contracts import Outcome
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED, MAINTENANCE
from pointsman.model.errors import TableError
from pointsman.net.listener import Listener
from pointsman_persistence.memory_table import MemoryTable


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Any:
    # Listeners have their own tests; here they only open and close.
    for method in ("open", "close", "pause", "resume"):
        monkeypatch.setattr(Listener, method, lambda self: None)
    return MemoryReactorClock()


def running(
    reactor: Any,
    registry: Registry | None = None,
    drain: str = "10s",
    health: str = "none",
) -> RunningSite:
    registry = registry or registry_with()
    config = {
        "version": 1,
        "virtual_services": {
            "site": {
                "listen": "127.0.0.1:0",
                "timeouts": {"drain": drain},
                "pool": {
                    "persistence": {"kind": "source_ip", "timeout": "5s"},
                    "health": health,
                    "servers": {"a": "127.0.0.1:1"},
                },
            }
        },
    }
    site = site_of(configuration_of(config, registry), registry, reactor, {})
    return RunningSite(site, registry, reactor, {}, clock=reactor.seconds)


def stopping(site: RunningSite) -> list[None]:
    done: list[None] = []
    site.stop().addCallback(done.append)
    return done


def test_one_timer_serves_everything_and_it_ends_with_the_site(reactor: Any) -> None:
    site = running(reactor)
    site.listen()
    site.begin()
    assert len(reactor.getDelayedCalls()) == 1
    done = stopping(site)
    reactor.pump([0.0] * 10)
    assert done == [None]
    assert reactor.getDelayedCalls() == []


def test_pins_are_forgotten_by_the_tick(reactor: Any) -> None:
    site = running(reactor)
    site.begin()
    (table,) = site.site.tables
    assert isinstance(table, MemoryTable)
    table.put(b"key", "a", reactor.seconds())
    reactor.pump([TICK] * 9)
    assert len(table) == 1
    reactor.pump([TICK] * 2)
    assert len(table) == 0


def test_tables_are_started_with_the_reactor_before_anything_listens(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = running(reactor)
    (table,) = site.site.tables
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(type(table), "start", lambda self, given: told.append(("start", given)))
    monkeypatch.setattr(Listener, "open", lambda self: told.append(("listen", None)))
    site.listen()
    assert told == [("start", reactor), ("listen", None)]


def test_a_table_that_cannot_be_started_lets_nothing_listen(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = running(reactor)
    (table,) = site.site.tables
    told: list[str] = []

    def start(self: object, given: object) -> None:
        raise TableError("pins: no room")

    monkeypatch.setattr(type(table), "start", start)
    monkeypatch.setattr(type(table), "close", lambda self: told.append("closed"))
    monkeypatch.setattr(Listener, "open", lambda self: told.append("listening"))
    with pytest.raises(TableError, match="no room"):
        site.listen()
    assert told == ["closed"]


def test_clients_have_the_drain_time_and_not_a_second_more(reactor: Any) -> None:
    site = running(reactor, drain="10s")
    clients: Any = GoingClients()
    site.services[0].clients = clients
    site.begin()
    done = stopping(site)
    reactor.pump([1.0] * 9)
    assert (clients.told, done) == (["drain"], [])
    reactor.pump([1.0] * 2)
    assert (clients.told, done) == (["drain", "stop"], [None])


def test_who_is_done_earlier_is_not_waited_for(reactor: Any) -> None:
    site = running(reactor, drain="1h")
    clients: Any = GoingClients()
    site.services[0].clients = clients
    site.begin()
    done = stopping(site)
    reactor.advance(3)
    assert done == []
    clients.open = 0
    reactor.pump([0.05] * 6)
    assert (clients.told, done) == (["drain"], [None])


def test_a_client_that_would_not_go_holds_nobody_up(reactor: Any) -> None:
    site = running(reactor, drain="1s")
    stubborn: Any = GoingClients(stubborn=True)
    site.services[0].clients = stubborn
    site.begin()
    done = stopping(site)
    reactor.pump([0.5] * int((1 + GRACE) * 2 + 6))
    assert done == [None]
    assert reactor.getDelayedCalls() == []


def test_a_server_that_goes_down_loses_its_idle_connections(reactor: Any) -> None:
    class Idle:
        def __init__(self, member: Any) -> None:
            self.member = member
            self.key: Any = None
            self.closed = 0

        def taken_by(self, asking: Any) -> None:
            raise AssertionError("nobody asks")

        def close(self) -> None:
            self.closed += 1

    site = running(reactor)
    (member,) = site.site.pools["site"].members
    idle = Idle(member)
    site.services[0].idle.put(idle, 10)
    member.set_health(True, "up")
    assert idle.closed == 0
    member.set_health(False, "down")
    assert idle.closed == 1


class Sweeping:
    def __init__(self) -> None:
        self.asked: list[float] = []

    def due(self, now: float) -> bool:
        self.asked.append(now)
        return len(self.asked) == 1

    def work(self) -> Outcome | None:
        return lambda: "swept"


class Threads:
    """A thread pool whose work is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def callInThreadWithCallback(self, told: Any, work: Any) -> None:
        self.waiting.append(lambda: told(True, work()))


def test_chores_of_tls_modes_are_done_in_threads_until_the_end(reactor: Any) -> None:
    threads, chore = Threads(), Sweeping()
    reactor.getThreadPool = lambda: threads
    reactor.callFromThread = lambda call, *arguments: call(*arguments)
    site = running(reactor)
    mode: Any = SimpleNamespace(chores=(chore,), describes="sweeping", client=None)
    site.services[0].service.tls = mode
    site.begin()
    reactor.pump([TICK] * 2)
    (work,) = threads.waiting
    with noted_log() as events:
        work()
    assert [event["words"] for event in events] == ["swept"]
    stopping(site)
    asked = len(chore.asked)
    reactor.pump([TICK] * 4)
    assert len(chore.asked) == asked


def test_a_server_that_is_put_back_is_asked_at_once(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = running(reactor, health="tcp")
    member = site.site.pools["site"].members[0]
    asked: list[str] = []
    monkeypatch.setattr(site.checks, "check_now", lambda member: asked.append(member.name))
    for state in (DRAINING, ENABLED, DRAINING, DISABLED, MAINTENANCE):
        member.set_admin(state)
    assert asked == []
    member.set_admin(ENABLED)
    assert asked == ["a"]
    unchecked = running(reactor).site.pools["site"].members[0]
    for state in (DISABLED, ENABLED):
        unchecked.set_admin(state)  # there is nobody to ask
