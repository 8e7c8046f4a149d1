"""Waiting for the pins that others have made, before the first client is let in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.logger import Logger

from pointsman.contracts import Table, Values

# Seconds. Whoever comes later than this is served without the pins that are not there yet.
PATIENCE = 3.0


class PinsReady:
    """Calls once, when all tables know what others have pinned or the patience is over.

    Args:
        tables: that have been started.
        reactor: offers callLater.
        then: is called, at once if nobody has to be waited for.
    """

    log = Logger()

    def __init__(
        self, tables: Sequence[Table | Values], reactor: Any, then: Callable[[], None]
    ) -> None:
        self._tables = tables
        self._reactor = reactor
        self._then: Callable[[], None] | None = then
        self._timer: Any = None
        self._waiting: set[int] = set()

    def start(self) -> None:
        """Begin to wait."""
        self._waiting = set(range(len(self._tables)))
        for number, table in enumerate(self._tables):
            table.when_ready(partial(self._ready, number))
        if self._waiting:
            self._timer = self._reactor.callLater(PATIENCE, self._late)
        else:
            self._done()

    def stop(self) -> None:
        """Wait no more, and call nobody. Stopping twice is fine."""
        self._then = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ready(self, number: int) -> None:
        self._waiting.discard(number)
        if not self._waiting and self._timer is not None:
            self._done()

    def _late(self) -> None:
        self._timer = None
        self.log.warn(
            "the pins of {count} pools are not loaded after {seconds:g} s; going on without",
            count=len(self._waiting),
            seconds=PATIENCE,
        )
        self._done()

    def _done(self) -> None:
        then = self._then
        self.stop()
        if then is not None:
            then()
