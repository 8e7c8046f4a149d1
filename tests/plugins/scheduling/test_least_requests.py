"""Tests of least requests: tunnels do not count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, connection, runners, visit
from pointsman_scheduling.least_requests import LeastRequests

WORK = st.integers(0, 6).flatmap(lambda active: st.tuples(st.just(active), st.integers(0, active)))


@given(st.lists(WORK, min_size=1, max_size=8))
def test_nobody_has_fewer_requests(work: list[tuple[int, int]]) -> None:
    candidates = tuple(Runner(f"s{at}", 1, active, open) for at, (active, open) in enumerate(work))
    chosen = LeastRequests().pick(visit(), candidates)
    assert chosen.active - chosen.tunnels == min(one.active - one.tunnels for one in candidates)


def test_a_server_with_tunnels_only_is_idle() -> None:
    a, b = runners(a=1, b=1)
    a.active = a.tunnels = 500
    b.active = 1
    assert LeastRequests().pick(visit(), (a, b)) is a


def test_ties_and_tunnels_take_turns() -> None:
    candidates = runners(a=1, b=1)
    candidates[0].active = candidates[0].tunnels = 3
    scheduler = LeastRequests()
    assert "".join(scheduler.pick(connection(), candidates).name for _ in range(4)) == "abab"
