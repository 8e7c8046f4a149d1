"""A reactor of a test's own, for what fakes cannot show: real sockets, bounded in time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.python.failure import Failure

T = TypeVar("T")

Work = Callable[[EPollReactor], Coroutine[Deferred[Any], Any, T] | Deferred[T]]


def run_reactor(work: Work[T], *, seconds: float = 10.0) -> T:
    """Run ``work`` on a new reactor until it is done, then close that reactor.

    Nothing is installed globally and no signals are taken, so each test has its own:

        async def work(reactor: EPollReactor) -> bytes: ...
        assert run_reactor(work) == b"hello"

    Args:
        work: given the running reactor; its result is the result, its exception is raised.
        seconds: how long it may take.

    Raises:
        TimeoutError: if the work was not done in time; it is cancelled.
    """
    reactor = EPollReactor()
    results: list[Any] = []
    late = False

    def begin() -> None:
        nonlocal late
        started = work(reactor)
        deferred = started if isinstance(started, Deferred) else Deferred.fromCoroutine(started)
        bound = reactor.callLater(seconds, give_up, deferred)

        def finish(result: Any) -> None:
            results.append(result)
            if bound.active():
                bound.cancel()
            reactor.stop()

        deferred.addBoth(finish)

    def give_up(deferred: Deferred[T]) -> None:
        nonlocal late
        late = True
        deferred.cancel()
        if not results:  # work that swallows its cancellation shall not run for ever
            results.append(None)
            reactor.stop()

    def begin_safely() -> None:
        try:
            begin()
        except BaseException:
            results.append(Failure())
            reactor.stop()

    reactor.callWhenRunning(begin_safely)
    try:
        reactor.run(installSignalHandlers=False)
    finally:
        _close(reactor)
    if late:
        raise TimeoutError(f"the work on the test's reactor was not done in {seconds:g} s")
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    done: T = result
    return done


def _close(reactor: EPollReactor) -> None:
    """Close what a reactor keeps for the life of the process: its waker and its epoll."""
    for call in reactor.getDelayedCalls():
        call.cancel()
    for reader in list(reactor._internalReaders):
        reactor._internalReaders.discard(reader)
        reactor.removeReader(reader)
        reader.connectionLost(Failure(ConnectionError("the reactor is closed")))
    reactor._poller.close()
