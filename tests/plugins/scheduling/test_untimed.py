"""Tests of what untimed schedulers have in common."""

from __future__ import annotations

from kit.arrivals import Runner
from pointsman_scheduling.untimed import Untimed


def test_wants_no_first_bytes_and_bears_them() -> None:
    untimed = Untimed()
    assert not untimed.wants_first_byte
    untimed.first_byte(Runner("a"), 0.1)
    assert not hasattr(untimed, "__dict__")
