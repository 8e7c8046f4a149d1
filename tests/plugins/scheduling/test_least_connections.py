"""Tests of least connections: the least work, ties in turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling.least_connections import LeastConnections


def test_idle_servers_take_turns() -> None:
    scheduler = LeastConnections()
    candidates = runners(a=1, b=9, c=1)
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(7)) == "abcabca"


def test_busy_servers_with_the_same_work_take_turns() -> None:
    scheduler = LeastConnections()
    candidates = runners(a=1, b=1, c=1)
    for runner, active in zip(candidates, (4, 9, 4), strict=True):
        runner.active = active
    assert "".join(scheduler.pick(visit(), candidates).name for _ in range(5)) == "acaca"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=10), st.integers(1, 20))
def test_nobody_has_less(active: list[int], count: int) -> None:
    scheduler = LeastConnections()
    candidates = tuple(Runner(f"s{at}", active=work) for at, work in enumerate(active))
    for _ in range(count):
        chosen = scheduler.pick(visit(), candidates)
        assert chosen.active == min(one.active for one in candidates)
        next(one for one in candidates if one is chosen).active += 1


def test_tunnels_count() -> None:
    a, b = runners(a=1, b=1)
    a.active = a.tunnels = 2
    b.active = 1
    assert LeastConnections().pick(visit(), (a, b)) is b
