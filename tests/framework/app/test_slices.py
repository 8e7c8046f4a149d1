"""Long work in slices: the reactor turns in between, and results and errors come back."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor

from kit.any_reactor import own_reactor, until
from kit.real_reactor import run_reactor
from pointsman.app.slices import REST, SLICE, Turns, aside, in_slices
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


# ---- several at a time ----


class Call:
    def __init__(self, calls: list[Call], work: Callable[[], object]) -> None:
        self.calls, self.work = calls, work

    def cancel(self) -> None:
        self.calls.remove(self)


class Turning:
    """A reactor whose turns the test counts."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.rests: list[float] = []

    def callLater(self, seconds: float, work: Callable[[], object]) -> Call:
        self.rests.append(seconds)
        self.calls.append(Call(self.calls, work))
        return self.calls[-1]

    def turn(self) -> None:
        for call in [*self.calls]:
            call.cancel()
            call.work()


class Counted:
    """Work of so many steps, each as long as a slice."""

    def __init__(self, name: str, noted: list[str], steps: int = 3) -> None:
        self.name, self.noted, self.steps = name, noted, steps

    def __call__(self) -> Steps[str]:
        for number in range(self.steps):
            self.noted.append(f"{self.name}{number}")
            until = time.perf_counter() + SLICE
            while time.perf_counter() < until:
                pass
            yield
        return self.name


def test_several_take_turns_and_none_has_more_than_a_slice() -> None:
    clock, noted, done = Turning(), list[str](), list[str]()
    turns = Turns(clock)
    for name in "ab":
        turns.do(Counted(name, noted)()).addCallback(done.append)
    assert noted == []  # not before the next turn
    for number in range(1, 7):
        clock.turn()
        assert len(noted) == number
    for _ in range(3):
        clock.turn()
    assert noted == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert done == ["a", "b"]
    assert clock.calls == []
    assert clock.rests == [0, *[REST] * (len(clock.rests) - 1)]


def test_short_works_share_one_turn() -> None:
    clock, done = Turning(), list[str]()
    turns = Turns(clock)
    for number in range(50):
        turns.do(Counted(str(number), [], steps=0)()).addCallback(done.append)
    clock.turn()
    assert done == [str(number) for number in range(50)]


def test_what_one_raises_concerns_no_other() -> None:
    clock, done = Turning(), list[Any]()
    turns = Turns(clock)
    turns.do(failing()).addErrback(lambda failure: done.append(failure.type))
    turns.do(Counted("b", [], steps=0)()).addCallback(done.append)
    for _ in range(3):
        clock.turn()
    assert done == [ValueError, "b"]


def test_work_may_ask_for_more_work() -> None:
    clock, done = Turning(), list[str]()
    turns = Turns(clock)
    first = turns.do(Counted("a", [], steps=0)())
    first.addCallback(lambda _: turns.do(Counted("b", [], steps=0)())).addCallback(done.append)
    for _ in range(3):
        clock.turn()
    assert done == ["b"]
    assert clock.calls == []


def test_work_that_is_given_up_goes_no_further() -> None:
    clock, noted, gone = Turning(), list[str](), list[Any]()
    turns = Turns(clock)
    one, two = (turns.do(Counted(name, noted)()) for name in "ab")
    for each in (one, two):
        each.addErrback(lambda failure: gone.append(failure.type))
    clock.turn()
    one.cancel()
    clock.turn()
    assert (noted, gone) == (["a0", "b0"], [CancelledError])
    turns.stop()
    assert gone == [CancelledError, CancelledError]
    assert clock.calls == []
