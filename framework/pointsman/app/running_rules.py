"""The rulebooks of a service at work: started, asked anew when they change, stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from twisted.logger import Logger

from pointsman.contracts.rules import Rulebook, RuledPool
from pointsman.core.virtual_service import VirtualService

_log = Logger()


class RunningRules:
    """The rulebooks of one service, and what they work in (contracts.rules.RuleRoom).

    Args:
        service: whose rules these are.
        pools: all pools, by name.
        reactor: offers IReactorTime.
        clock: monotonic seconds.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        service: VirtualService,
        pools: Mapping[str, RuledPool],
        reactor: Any,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._service = service
        self.service = service.name
        self.pools = pools
        self.reactor = reactor
        self.clock = clock
        self.wall = wall
        self._running: tuple[Rulebook, ...] = ()

    def start(self) -> None:
        """Let the rulebooks begin with what they do by themselves."""
        rules = self._service.rules
        if rules is not None and not self._running:
            self._running = rules.books
            for book in self._running:
                self._guarded("start", book, partial(book.start, self))

    def become(self, pools: Mapping[str, RuledPool]) -> None:
        """After a reload: those that stay go on, the others end, and new ones begin.

        Args:
            pools: as above.
        """
        self.pools = pools
        rules = self._service.rules
        books = rules.books if rules is not None else ()
        before, self._running = self._running, books
        for book in before:
            if not any(book is each for each in books):
                self._guarded("stop", book, book.stop)
        for book in books:
            if not any(book is each for each in before):
                self._guarded("start", book, partial(book.start, self))

    @property
    def counts(self) -> Mapping[str, float]:
        """What they count, all together."""
        found: dict[str, float] = {}
        for book in self._running:
            try:
                for name, value in book.counts.items():
                    found[name] = found.get(name, 0.0) + value
            except Exception:
                _log.failure(
                    "{service}: a rule failed to tell what it counts", service=self.service
                )
        return found

    def stop(self) -> None:
        """Let them end it."""
        books, self._running = self._running, ()
        for book in books:
            self._guarded("stop", book, book.stop)

    def changed(self) -> None:
        """A rulebook wants other events: new exchanges go by them."""
        rules = self._service.rules
        if rules is not None:
            self._service.rules = rules.again()

    def server_state(self, pool: str, server: str, before: str, state: str) -> None:
        """The state of a server has changed."""
        rules = self._service.rules
        for told in rules.server_state if rules is not None else ():
            try:
                told(pool, server, before, state)
            except Exception:
                _log.failure("{service}: a rule failed at server_state", service=self.service)

    def _guarded(self, what: str, book: Rulebook, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:
            _log.failure(
                "{service}: the rules {book} failed to {what}",
                service=self.service,
                book=book.describes,
                what=what,
            )
