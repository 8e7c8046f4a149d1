"""What a configuration no longer has is given its time, and then it is gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kit.going_clients import GoingClients
from kit.logs import noted_log
from pointsman.app.leaving import GRACE, Leaving
from pointsman.core.members import Member
from pointsman.model.server import RealServer

DRAIN = 10.0


class Idle:
    def __init__(self) -> None:
        self.closed: list[object] = []

    def close_all(self, member: Member | None = None) -> None:
        self.closed.append(member)


def service(stubborn: bool = False) -> Any:
    settings = SimpleNamespace(timeouts=SimpleNamespace(drain=DRAIN))
    one = SimpleNamespace(
        service=SimpleNamespace(name="gone", settings=settings),
        clients=GoingClients(stubborn),
        idle=Idle(),
        counts="nothing done",
    )
    one.left = []
    one.leave = lambda member, drop: one.left.append((member, drop))
    one.let_go = lambda: one.clients.told.append("let go")
    return one


@pytest.fixture
def leaving() -> Leaving:
    return Leaving()


def test_a_service_goes_when_its_last_client_has_gone(leaving: Leaving) -> None:
    one = service()
    leaving.add_service(one, 100.0)
    leaving.look(105.0, ())
    assert (len(leaving), leaving.open, one.clients.told) == (1, 1, ["drain"])
    one.clients.open = 0
    with noted_log() as said:
        leaving.look(105.5, ())
    assert (len(leaving), one.idle.closed) == (0, [None])
    assert one.clients.told == ["drain", "let go"]
    assert [event["counts"] for event in said] == ["nothing done"]


def test_its_clients_are_cut_when_its_drain_time_is_over(leaving: Leaving) -> None:
    one = service()
    leaving.add_service(one, 100.0)
    leaving.look(100.0 + DRAIN, ())
    assert one.clients.told == ["drain", "stop", "let go"]
    assert len(leaving) == 0


def test_one_that_would_not_go_holds_nobody_up(leaving: Leaving) -> None:
    one = service(stubborn=True)
    leaving.add_service(one, 100.0)
    leaving.look(100.0 + DRAIN, ())
    assert len(leaving) == 1
    with noted_log() as said:
        leaving.look(100.0 + DRAIN + GRACE, ())
    assert len(leaving) == 0
    assert [event.get("left") for event in said] == [1, None]
    assert "let go" not in one.clients.told


def test_who_has_no_patience_cuts_them_now(leaving: Leaving) -> None:
    one = service()
    leaving.add_service(one, 100.0)
    leaving.stop_now()
    assert one.clients.told == ["drain", "stop"]


def test_a_member_keeps_its_connections_until_its_work_is_done(leaving: Leaving) -> None:
    stays, member = service(), Member(RealServer("a"))
    member.begin()
    leaving.add_member(member, 1000.0)
    leaving.look(100.0, [stays])
    assert stays.left == []
    member.end()
    leaving.look(100.5, [stays])
    leaving.look(101.0, [stays])
    assert stays.left == [(member, False)]


def test_what_is_open_to_a_member_is_cut_when_its_time_is_over(leaving: Leaving) -> None:
    stays, goes, member = service(), service(), Member(RealServer("a"))
    leaving.add_service(goes, 1000.0)
    member.begin()
    leaving.add_member(member, 1002.0)
    leaving.look(1001.9, [stays])
    assert stays.left == goes.left == []
    leaving.look(1002.0, [stays])
    leaving.look(1003.0, [stays])
    assert stays.left == goes.left == [(member, True)]


class Table:
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_table_is_closed_when_nobody_can_be_using_it(leaving: Leaving) -> None:
    table: Any = Table()
    leaving.add_table(table, 130.0)
    leaving.look(129.0, ())
    assert table.closed == 0
    leaving.look(130.0, ())
    leaving.close()
    assert table.closed == 1


def test_at_the_end_every_table_is_closed(leaving: Leaving) -> None:
    table: Any = Table()
    leaving.add_table(table, 130.0)
    leaving.close()
    leaving.close()
    assert table.closed == 1
