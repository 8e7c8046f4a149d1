"""The state of a service is a function of those of its servers."""

from __future__ import annotations

from typing import Any

import pytest

from kit.recorders import FirstOf
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import MAINTENANCE
from pointsman.core.service_state import service_state
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer
from pointsman.model.when_down import (
    CloseConnection,
    FixedAnswer,
    RedirectAway,
    SorryPool,
    WhenDown,
)


def pool(working: int, of: int = 2, name: str = "web", **settings: Any) -> Pool:
    members = [Member(RealServer(letter)) for letter in "abcdefgh"[:of]]
    made = Pool(name, members, FirstOf(), settings=PoolSettings(**settings))
    for member in members[working:]:
        member.set_health(False, "refused")
    return made


def state(
    of: Pool, *, enabled: bool = True, last: WhenDown | None = None, sorry: Pool | None = None
) -> tuple[str, str]:
    return service_state(of, enabled=enabled, when_down=last, sorry=sorry)


def test_up() -> None:
    assert state(pool(2)) == ("up", "2 of 2 servers work")
    assert state(pool(1)) == ("up", "1 of 2 servers work")


def test_degraded_below_warn_below() -> None:
    assert state(pool(1, warn_below=2)) == (
        "degraded",
        "1 of 2 servers work, fewer than 2; b is down: refused",
    )


def test_degraded_in_panic() -> None:
    assert state(pool(0, panic_below=0.5)) == (
        "degraded",
        "0 of 2 servers work, all are used (panic_below)",
    )


def test_disabled_whatever_else() -> None:
    assert state(pool(0), enabled=False)[0] == "disabled"


def test_down_when_none_or_too_few_work() -> None:
    assert state(pool(0)) == ("down", "no server of web works")
    assert state(pool(1, minimum=2)) == ("down", "1 of 2 servers work, 2 are needed")


@pytest.mark.parametrize(
    ("last", "word"),
    [
        (RedirectAway("https://elsewhere.example"), "redirect"),
        (FixedAnswer(), "fail-message"),
        (CloseConnection(), "down"),
    ],
)
def test_what_clients_meet_when_no_server_is_left(last: WhenDown, word: str) -> None:
    assert state(pool(0), last=last) == (word, "no server of web works")
    assert state(pool(1), last=last)[0] == "up"


def test_sorry_while_the_sorry_pool_works() -> None:
    last = SorryPool("spare")
    assert state(pool(0), last=last, sorry=pool(1, name="spare")) == (
        "sorry",
        "no server of web works; spare serves",
    )
    assert state(pool(0), last=last, sorry=pool(0, name="spare")) == (
        "down",
        "no server of web works, and none of spare",
    )


def test_a_server_in_maintenance_is_not_missed() -> None:
    made = pool(2, warn_below=1)
    made.members[0].set_admin(MAINTENANCE)
    assert state(made) == ("up", "1 of 1 servers work")
    made.settings = PoolSettings(warn_below=2)
    assert state(made) == ("degraded", "1 of 1 servers work, fewer than 2")
