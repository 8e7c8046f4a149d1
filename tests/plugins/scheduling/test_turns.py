"""Tests of taking turns: places in the queue outlive changes of the candidates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman.contracts import Scheduler
from pointsman_scheduling.least_connections import LeastConnections
from pointsman_scheduling.least_requests import LeastRequests
from pointsman_scheduling.response_time import ResponseTime
from pointsman_scheduling.round_robin import RoundRobin  # the plainest user of Turns
from pointsman_scheduling.weighted_least_connections import WeightedLeastConnections

# Among idle servers of one weight all of them only take turns.
USERS = [RoundRobin, LeastConnections, WeightedLeastConnections, LeastRequests, ResponseTime]


def picks(turns: RoundRobin, candidates: tuple[Runner, ...], count: int) -> str:
    return "".join(turns.pick(visit(), candidates).name for _ in range(count))


def test_who_was_away_comes_first_when_it_is_back() -> None:
    turns = RoundRobin()
    a, b, c = everybody = runners(a=1, b=1, c=1)
    assert picks(turns, everybody, 4) == "abca"
    assert picks(turns, (a, c), 3) == "cac"
    assert picks(turns, (a, b, c), 4) == "bacb"


def test_a_retry_takes_a_turn_and_skips_nobody() -> None:
    turns = RoundRobin()
    everybody = runners(a=1, b=1, c=1)
    without_a = everybody[1:]
    assert picks(turns, everybody, 1) == "a"
    assert picks(turns, without_a, 1) == "b"  # a failed
    assert picks(turns, everybody, 4) == "cabc"


def test_a_server_that_always_fails_is_tried_once_a_turn() -> None:
    turns = RoundRobin()
    everybody = runners(a=1, b=1, c=1)
    tried = []
    for _ in range(30):
        chosen = turns.pick(visit(), everybody)
        tried.append(chosen.name)
        if chosen.name == "a":
            tried.append(turns.pick(visit(), tuple(everybody[1:])).name)
    assert 3 * tried.count("a") <= len(tried) + 2
    assert abs(tried.count("b") - tried.count("c")) <= 1


def test_keep_forgets_one_and_leaves_the_others_their_places() -> None:
    turns = RoundRobin()
    a, b, c = runners(a=1, b=1, c=1)
    assert picks(turns, (a, b, c), 2) == "ab"
    turns.keep(["a", "b"])
    assert picks(turns, (a, b), 3) == "aba"
    # c never had a turn that anybody remembers, so it comes first; then b waits longest.
    assert picks(turns, (a, b, c), 4) == "cbac"


def test_keep_in_the_middle_of_a_turn_does_not_start_it_anew() -> None:
    turns = RoundRobin()
    everybody = runners(a=1, b=1, c=1)
    assert picks(turns, everybody, 1) == "a"
    turns.keep(["a", "b", "c"])
    assert picks(turns, runners(a=1, b=1, c=1), 3) == "bca"


@pytest.mark.parametrize("make", USERS)
@given(rounds=st.lists(st.sets(st.sampled_from("abcde"), min_size=1), min_size=1, max_size=60))
def test_always_picks_who_has_waited_longest(
    make: Callable[[], Scheduler], rounds: list[set[str]]
) -> None:
    """Against the plainest possible account of who was picked when."""
    turns = make()
    everybody = runners(a=1, b=1, c=1, d=1, e=1)
    tuples = {
        frozenset(names): tuple(runner for runner in everybody if runner.name in names)
        for names in map(frozenset, rounds)
    }
    last_picked = dict.fromkeys("abcde", -1)
    for moment, names in enumerate(rounds):
        chosen = turns.pick(visit(), tuples[frozenset(names)])
        assert chosen.name == min(sorted(names), key=lambda name: last_picked[name])
        last_picked[chosen.name] = moment
