"""Draining on a clock that the test moves: when it ends, and what is told before."""

from __future__ import annotations

from collections.abc import Mapping

from kit.offers import DictTable
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.core.draining import UNKNOWN, end_drains, forecast, pins_by_server
from pointsman.core.members import Member
from pointsman.core.pinning import Kind, Pinning
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer


class Counted(DictTable):
    """A table of which only the counts matter."""

    def __init__(self, **pins: int) -> None:
        super().__init__(60.0, 0)
        self.pins = pins

    def counts(self) -> Mapping[str, int]:
        return self.pins


def pool(
    table: Counted | None = None,
    *,
    pins: bool = True,
    drain_time: float = 300.0,
    drop_at_drain_end: bool = False,
) -> tuple[Pool, Member]:
    settings = PoolSettings(drain_time=drain_time, drop_at_drain_end=drop_at_drain_end)
    members = [Member(RealServer(name)) for name in "ab"]
    persistence = Pins() if pins else None
    if persistence is not None:
        persistence.table = table
    return Pool("pool", members, FirstOf(), persistence, settings=settings), members[0]


def test_design_5_3_pins_are_honoured_until_the_drain_time_ends() -> None:
    web, member = pool()
    member.set_admin(DRAINING)
    end_drains(web, 1000.0)
    assert (member.admin, member.takes_new, member.takes_pinned) == (DRAINING, False, True)
    end_drains(web, 1299.5)
    assert member.takes_pinned
    end_drains(web, 1300.0)
    assert (member.admin, member.takes_pinned, member.keeps_pins) == (DISABLED, False, False)
    assert member.why == "drain time 5m is over; by an operator"


def test_a_drain_that_is_taken_back_begins_anew() -> None:
    web, member = pool()
    member.set_admin(DRAINING)
    end_drains(web, 0.0)
    member.set_admin(ENABLED)
    end_drains(web, 299.0)
    member.set_admin(DRAINING)
    end_drains(web, 301.0)
    end_drains(web, 600.0)
    assert member.admin == DRAINING
    end_drains(web, 601.0)
    assert member.admin == DISABLED


def test_without_pins_it_ends_with_the_last_that_is_open() -> None:
    web, member = pool(pins=False)
    member.begin()
    member.set_admin(DRAINING)
    end_drains(web, 0.0)
    assert member.admin == DRAINING
    member.end()
    end_drains(web, 1.0)
    assert (member.admin, member.why) == (DISABLED, "nothing was left to drain; by an operator")


def test_why_it_was_drained_is_still_told_when_it_is_over() -> None:
    web, member = pool(pins=False)
    member.set_admin(DRAINING, "by command: new disks")
    end_drains(web, 0.0)
    assert (member.admin, member.why) == (
        DISABLED,
        "nothing was left to drain; by command: new disks",
    )


def test_no_drain_time_takes_the_pins_at_once() -> None:
    web, member = pool(drain_time=0.0)
    member.set_admin(DRAINING)
    end_drains(web, 5.0)
    assert member.admin == DISABLED


def test_others_are_left_alone() -> None:
    web, member = pool(drain_time=0.0)
    for state in (ENABLED, DISABLED):
        member.set_admin(state)
        end_drains(web, 5.0)
        assert member.admin == state


def test_the_forecast() -> None:
    web, member = pool(pins=False)
    assert forecast(web, member, 0.0).empty_within == 0.0
    assert str(forecast(web, member, 0.0)).endswith(", nothing is left")
    member.begin()
    member.set_admin(DRAINING)
    end_drains(web, 10.0)
    told = forecast(web, member, 70.0)
    assert told == (0, 1, 240.0, None)
    assert str(told) == (
        "0 pinned clients, 1 open, drain time ends in 4m, empty when those that are open have ended"
    )


def test_the_forecast_where_what_is_open_is_cut() -> None:
    web, member = pool(drop_at_drain_end=True)
    member.begin()
    member.set_admin(DRAINING)
    end_drains(web, 10.0)
    told = forecast(web, member, 100.0)
    assert told == (UNKNOWN, 1, 210.0, 210.0)
    assert str(told).startswith("pins are not counted, 1 open, drain time ends in 210s")
    assert forecast(web, member, 999.0).left == 0.0


def test_pins_are_counted_by_their_table() -> None:
    table = Counted(a=2)
    web, member = pool(table)
    member.set_admin(DRAINING)
    end_drains(web, 0.0)
    assert forecast(web, member, 1.0) == (2, 0, 299.0, 299.0)
    assert member.admin == DRAINING
    table.pins = {"b": 2}
    end_drains(web, 1.0)
    assert (member.admin, member.why) == (DISABLED, "nothing was left to drain; by an operator")


def chained(*tables: Counted | None) -> tuple[Pool, Member]:
    """A pool whose persistence falls back from one table to the next."""
    kinds = []
    for table in tables:
        pins = Pins()
        pins.table = table
        kinds.append(Kind("pins", pins))
    pinning = Pinning(kinds)
    members = [Member(RealServer(name)) for name in "ab"]
    return Pool("pool", members, FirstOf(), pinning.persistence, pinning=pinning), members[0]


def test_pins_that_are_fallen_back_to_keep_a_drain_going() -> None:
    first, second = Counted(b=3), Counted(a=1, b=1)
    web, member = chained(first, second)
    assert pins_by_server(web) == {"a": 1, "b": 4}
    member.set_admin(DRAINING)
    end_drains(web, 0.0)
    assert member.admin == DRAINING
    second.pins = {}
    end_drains(web, 1.0)
    assert (member.admin, member.why) == (DISABLED, "nothing was left to drain; by an operator")


def test_a_table_that_two_kinds_share_counts_once() -> None:
    table = Counted(a=2)
    assert pins_by_server(chained(table, table)[0]) == {"a": 2}


def test_one_kind_that_nobody_counts_leaves_the_whole_unknown() -> None:
    web, member = chained(Counted(), None)
    assert pins_by_server(web) is None
    member.set_admin(DRAINING)
    end_drains(web, 0.0)
    assert member.admin == DRAINING
