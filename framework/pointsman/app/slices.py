"""Long work that must not hold traffic up: in slices between two turns of the reactor, or aside."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from pointsman.config.steps import Steps

T = TypeVar("T")

# So long we work until traffic has its turn; seconds.
SLICE = 0.003
# The same of work that can wait, and how long it rests in between.
SHORT_SLICE = 0.002
REST = 2 * SHORT_SLICE


def in_slices(reactor: Any, steps: Steps[T]) -> Deferred[T]:
    """Do all steps on the reactor's thread, a slice in each of its turns.

    Args:
        reactor: IReactorTime.
        steps: each of them short.

    Returns:
        Fires with what the work comes to, or with what it raises.
    """
    done: Deferred[T] = Deferred()

    def work() -> None:
        until = time.perf_counter() + SLICE
        try:
            while True:
                next(steps)
                if time.perf_counter() >= until:
                    reactor.callLater(0, work)
                    return
        except StopIteration as finished:
            result: T = finished.value
        except BaseException:
            done.errback()
            return
        done.callback(result)

    work()
    return done


class Turns:
    """Long work of several who can wait: they take turns, and together have a third of the time.

    After each slice the reactor has twice as long for traffic, which would else be left with what
    it does in one of its turns.

    Args:
        reactor: IReactorTime.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._waiting: deque[tuple[Steps[Any], Deferred[Any]]] = deque()
        self._call: Any = None

    def do(self, steps: Steps[T]) -> Deferred[T]:
        """Do all steps, the first one in the next turn.

        Args:
            steps: each of them short.

        Returns:
            Fires with what the work comes to, or with what it raises. To cancel it is to give the
            work up.
        """
        done: Deferred[T] = Deferred(lambda _: steps.close())
        self._waiting.append((steps, done))
        if self._call is None:
            self._call = self._reactor.callLater(0, self._work)
        return done

    def stop(self) -> None:
        """Give all of it up: who waits for it is told by CancelledError."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        while self._waiting:
            _, done = self._waiting.popleft()
            done.cancel()

    def _work(self) -> None:
        self._call = None
        until = time.perf_counter() + SHORT_SLICE
        while self._waiting and time.perf_counter() < until:
            steps, done = self._waiting.popleft()
            if not done.called and not _finished(steps, done, until):
                self._waiting.append((steps, done))
        if self._waiting and self._call is None:
            self._call = self._reactor.callLater(REST, self._work)


def _finished(steps: Steps[Any], done: Deferred[Any], until: float) -> bool:
    """Do steps until that time; whether they are done, and ``done`` was told."""
    try:
        while True:
            next(steps)
            if time.perf_counter() >= until:
                return False
    except StopIteration as finished:
        result = finished.value
    except BaseException:
        if not done.called:
            done.errback()
        return True
    if not done.called:
        done.callback(result)
    return True


def aside(reactor: Any, steps: Steps[T]) -> Deferred[T]:
    """Do all steps in a thread, as some of them may wait for a disk.

    Python runs one thread at a time, and one that computes gives way every 5 ms only: with each
    system call of the reactor's that would add up. So after every slice the thread waits until
    the reactor has had a whole turn.

    Args:
        reactor: IReactorThreads.
        steps: they touch nothing that is changed meanwhile.

    Returns:
        Fires on the reactor's thread, with what the work comes to or what it raises.
    """

    def work() -> T:
        until = time.perf_counter() + SLICE
        while True:
            try:
                next(steps)
            except StopIteration as finished:
                result: T = finished.value
                return result
            if time.perf_counter() >= until:
                _let_turn(reactor)
                until = time.perf_counter() + SLICE

    done: Deferred[T] = deferToThreadPool(reactor, reactor.getThreadPool(), work)
    return done


def _let_turn(reactor: Any) -> None:
    turned = threading.Event()
    reactor.callFromThread(turned.set)
    # A reactor that has stopped turns no more; then nobody waits for the result either.
    turned.wait(1.0)
