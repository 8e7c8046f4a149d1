"""Long work in slices: the reactor turns in between, and results and errors come back."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor

from kit.any_reactor import own_reactor, until
from kit.real_reactor import run_reactor
from pointsman.app.slices import SLICE, aside, in_slices
from pointsman.config.steps import Steps


def busy(rounds: int, noted: list[Any], note: Any = None) -> Steps[str]:
    for number in range(rounds):
        begun = time.perf_counter()
        while time.perf_counter() < begun + SLICE:
            pass
        noted.append(note() if note else number)
        yield
    return "done"


def failing() -> Steps[None]:
    yield
    raise ValueError("not this one")


def test_the_reactor_turns_between_two_slices() -> None:
    with own_reactor("epoll") as reactor:
        noted: list[object] = []
        results: list[str] = []
        in_slices(reactor, busy(3, noted)).addCallback(results.append)
        reactor.callLater(0, noted.append, "a turn")
        until(reactor, lambda: results)
        assert noted.index("a turn") < noted.index(2)
        assert results == ["done"]


def test_short_work_is_done_at_once() -> None:
    def nothing() -> Steps[int]:
        yield
        return 7

    results: list[int] = []
    in_slices(None, nothing()).addCallback(results.append)
    assert results == [7]


def test_what_a_slice_raises_comes_out_of_the_deferred() -> None:
    caught: list[Any] = []
    in_slices(None, failing()).addErrback(caught.append)
    assert caught[0].check(ValueError)


def test_in_a_thread_the_reactor_has_a_whole_turn_after_each_slice() -> None:
    async def work(reactor: EPollReactor) -> list[Any]:
        noted: list[Any] = []
        ours = threading.get_ident()
        turns = [0]

        def turn() -> None:
            turns[0] += 1
            if not result:
                reactor.callLater(0, turn)

        result: list[str] = []
        turn()
        done: Deferred[str] = aside(reactor, busy(4, noted, lambda: (threading.get_ident(),
                                                                     turns[0])))  # fmt: skip
        result.append(await done)
        assert result == ["done"]
        assert threading.get_ident() == ours
        return noted

    noted = run_reactor(work, seconds=30)
    threads = {thread for thread, _ in noted}
    assert threads.isdisjoint({threading.get_ident()})
    turns = [turn for _, turn in noted]
    assert all(later > earlier for earlier, later in itertools.pairwise(turns))


def test_what_is_raised_in_the_thread_comes_back() -> None:
    async def work(reactor: EPollReactor) -> None:
        await aside(reactor, failing())

    with pytest.raises(ValueError, match="not this one"):
        run_reactor(work, seconds=30)
