"""A pool's choice: the pin if there is one and it may be honoured, else the scheduler."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kit.arrivals import visit
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.core.members import Member
from pointsman.core.pool import NEW, PINNED, UNPINNED, Pool
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer

US = visit("us")


def pool(pins: Pins | None = None, *, full_at: int = 0) -> tuple[Pool, list[Member]]:
    members = [Member(RealServer(name, max_connections=full_at)) for name in "abc"]
    return Pool("pool", members, FirstOf(), pins), members


def test_without_persistence_the_scheduler_chooses() -> None:
    choice, members = pool()
    assert choice.choose(US, 0.0) is members[0]
    assert choice.how == UNPINNED
    assert choice.choose(US, 0.0, (members[0],)) is members[1]
    assert choice.choose(US, 0.0, tuple(members)) is None


def test_a_new_client_is_pinned_and_hooks_are_told() -> None:
    pins = Pins()
    told: list[tuple[str, str, str]] = []
    members = [Member(RealServer("a"))]
    choice = Pool("pool", members, FirstOf(), pins, [lambda *words: told.append(words)])
    assert choice.choose(US, 0.0) is members[0]
    assert choice.how == NEW
    assert (pins.pins, told) == ({"us": "a"}, [("pool", "a", "us")])
    assert choice.choose(US, 0.0) is members[0]
    assert choice.how == PINNED
    assert len(told) == 1


@pytest.mark.parametrize(
    ("up", "admin", "weight", "full", "tried", "goes_to", "pin"),
    [
        # up, draining and without weight: the pin is honoured
        (True, ENABLED, 1000, False, False, "c", "c"),
        (True, DRAINING, 1000, False, False, "c", "c"),
        (True, ENABLED, 0, False, False, "c", "c"),
        # full: served elsewhere once, the pin stays (DESIGN 5.11)
        (True, ENABLED, 1000, True, False, "a", "c"),
        (True, DRAINING, 1000, True, False, "a", "c"),
        # down or disabled: the pin moves, however full it is
        (False, ENABLED, 1000, False, False, "a", "a"),
        (False, ENABLED, 1000, True, False, "a", "a"),
        (False, DRAINING, 1000, False, False, "a", "a"),
        (True, DISABLED, 1000, False, False, "a", "a"),
        (True, DISABLED, 1000, True, False, "a", "a"),
        # it has just failed for this very arrival
        (True, ENABLED, 1000, False, True, "a", "a"),
        (True, ENABLED, 1000, True, True, "a", "a"),
    ],
)
def test_design_5_3_and_5_11_what_becomes_of_a_pinned_client(
    up: bool, admin: str, weight: int, full: bool, tried: bool, goes_to: str, pin: str
) -> None:
    pins = Pins(us="c")
    choice, members = pool(pins, full_at=1)
    pinned = members[2]
    pinned.set_health(up, "why")
    pinned.set_admin(admin)
    pinned.set_weight(weight)
    if full:
        pinned.begin()
    chosen = choice.choose(US, 0.0, (pinned,) if tried else ())
    assert chosen is not None
    assert (chosen.name, pins.pins["us"]) == (goes_to, pin)
    assert choice.how == (PINNED if goes_to == "c" else NEW)
    assert pins.forgotten == (0 if pin == "c" else 1)


def test_a_pin_to_a_member_that_was_removed_is_dropped() -> None:
    pins = Pins(us="gone")
    choice, members = pool(pins)
    assert choice.choose(US, 0.0) is members[0]
    assert (pins.forgotten, pins.pins) == (1, {"us": "a"})


def test_design_5_3_a_server_that_returns_does_not_get_its_clients_back() -> None:
    pins = Pins(us="c")
    choice, members = pool(pins)
    members[2].set_health(False, "down")
    choice.choose(US, 0.0)
    members[2].set_health(True, "up")
    assert choice.choose(US, 0.0) is members[0]


def test_when_nobody_can_take_it_nobody_is_pinned() -> None:
    pins = Pins(us="a")
    choice, members = pool(pins)
    for each in members:
        each.set_health(False, "down")
    assert choice.choose(US, 0.0) is None
    assert pins.pins == {}


def test_the_candidates_are_the_same_tuple_until_something_changes() -> None:
    choice, members = pool()
    before = choice.available
    members[0].begin()
    members[0].end()
    members[0].set_weight(1000)
    members[0].set_health(True, "again")
    assert choice.available is before
    members[0].set_weight(7)
    assert choice.available is not before
    members[1].set_admin(DRAINING)
    members[2].set_health(False, "down")
    assert choice.available == (members[0],)


def test_a_member_at_its_limit_leaves_and_returns() -> None:
    choice, members = pool(full_at=1)
    members[0].begin()
    assert choice.available == (members[1], members[2])
    members[0].end()
    assert choice.available == tuple(members)


def test_a_pool_takes_other_members_in() -> None:
    choice, members = pool()
    told: list[tuple[str, str, str]] = []
    choice.tells(lambda member, before, by, reason: told.append((member.name, before, by)))
    new = Member(RealServer("n"))
    choice.change([members[0], new], (), PoolSettings(drain_time=5.0))
    assert choice.available == (members[0], new)
    assert (choice.member("n"), choice.member("b")) == (new, None)
    assert choice.settings.drain_time == 5.0
    new.set_health(False, "down")
    assert [member.name for member in choice.available] == ["a"]
    assert told == [("n", "up", "health")]
    choice.change([new], ())
    assert choice.settings.drain_time == 5.0


def test_members_are_found_by_name() -> None:
    choice, members = pool()
    assert choice.member("b") is members[1]
    assert choice.member("z") is None


def test_it_tells_how_many_pins_were_not_believed() -> None:
    class Doubtful(Pins):
        @property
        def refused(self) -> Mapping[str, int]:
            return {"forged": 2}

    assert pool(Doubtful())[0].refused_pins == {"forged": 2}
    assert pool()[0].refused_pins == {}
