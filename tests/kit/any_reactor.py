"""Every reactor that streams must work on, each made for one test and turned by its hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.pollreactor import PollReactor
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from pointsman.net.reactor import LeanReactor

REACTORS: dict[str, Callable[[], Any]] = {
    "lean": LeanReactor,
    "epoll": EPollReactor,
    "poll": PollReactor,
    "select": SelectReactor,
    "asyncio": lambda: AsyncioSelectorReactor(asyncio.new_event_loop()),
}


@contextmanager
def own_reactor(kind: str | Callable[[], Any]) -> Iterator[Any]:
    """Make a reactor of that name or class, and close what it keeps open when the block ends."""
    reactor = REACTORS[kind]() if isinstance(kind, str) else kind()
    try:
        yield reactor
    finally:
        for call in reactor.getDelayedCalls():
            call.cancel()
        for reader in list(reactor._internalReaders):
            reactor._internalReaders.discard(reader)
            reactor.removeReader(reader)
            reader.connectionLost(Failure(ConnectionError("the reactor is closed")))
        if hasattr(reactor, "_asyncioEventloop"):
            reactor._asyncioEventloop.close()
        elif hasattr(reactor, "_poller") and hasattr(reactor._poller, "close"):
            reactor._poller.close()


def until(reactor: Any, condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Turn the reactor until the condition holds.

    Raises:
        TimeoutError: if it did not come true in time.
    """
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"still waiting for {condition} after {seconds:g} s")
        turn(reactor)


def turn(reactor: Any) -> None:
    """Let the reactor wait a moment for something to do, and do it."""
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is None:
        reactor.iterate(0.01)
    else:  # its own iterate() never takes less than 10 ms
        loop.call_later(0.001, loop.stop)
        loop.run_forever()


def settle(reactor: Any, turns: int = 4) -> None:
    """Turn the reactor a few times, for what must not happen to have its chance."""
    for _ in range(turns):
        turn(reactor)
