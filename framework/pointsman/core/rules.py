"""The rules of a virtual service: whom to ask at each event, frozen until a rulebook changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pointsman.contracts import Candidate
from pointsman.contracts.rules import (
    Choosing,
    Chosen,
    Rulebook,
    Ruled,
    RuledAtConnection,
    RuledConnection,
    RuledExchange,
)
from pointsman.core.pool import Pool
from pointsman.model.decision import Answer, Decision

Looking = Callable[[Choosing], Chosen | None]
Selecting = Callable[[RuledExchange, Sequence[Candidate]], str | Decision | None]
Reading = Callable[[RuledConnection, bytes, bool], Answer]


class Rules:
    """Of each event the rulebooks that want it, in order; empty for an event that nobody wants.

    Args:
        books: the rulebooks of the service, in the order of the configuration.
        pools: where a rule may send something, by name.

    Attributes: one for each event of ``contracts.rules.RuleEvents``; and
        books, pools: as above.
    """

    __slots__ = (
        "books",
        "choosing",
        "client_hello",
        "close",
        "connect_failed",
        "connection",
        "data",
        "error",
        "log",
        "pools",
        "request",
        "response",
        "select",
        "selected",
        "server_state",
        "tls",
        "upstream_request",
    )

    def __init__(self, books: Sequence[Rulebook], pools: Mapping[str, Pool]) -> None:
        self.books = tuple(books)
        self.pools = pools
        events = [book.events for book in books]
        self.connection: tuple[RuledAtConnection, ...] = tuple(
            [each.connection for each in events if each.connection is not None]
        )
        self.client_hello: tuple[RuledAtConnection, ...] = tuple(
            [each.client_hello for each in events if each.client_hello is not None]
        )
        self.tls: tuple[RuledAtConnection, ...] = tuple(
            [each.tls for each in events if each.tls is not None]
        )
        self.data: tuple[Reading, ...] = tuple(
            [each.data for each in events if each.data is not None]
        )
        self.request: tuple[Ruled, ...] = tuple(
            [each.request for each in events if each.request is not None]
        )
        self.choosing: tuple[Looking, ...] = tuple(
            [each.choosing for each in events if each.choosing is not None]
        )
        self.select: tuple[Selecting, ...] = tuple(
            [each.select for each in events if each.select is not None]
        )
        self.selected: tuple[Ruled, ...] = tuple(
            [each.selected for each in events if each.selected is not None]
        )
        self.connect_failed: tuple[Ruled, ...] = tuple(
            [each.connect_failed for each in events if each.connect_failed is not None]
        )
        self.upstream_request: tuple[Ruled, ...] = tuple(
            [each.upstream_request for each in events if each.upstream_request is not None]
        )
        self.response: tuple[Ruled, ...] = tuple(
            [each.response for each in events if each.response is not None]
        )
        self.error: tuple[Ruled, ...] = tuple(
            [each.error for each in events if each.error is not None]
        )
        self.log: tuple[Callable[[RuledExchange], None], ...] = tuple(
            [each.log for each in events if each.log is not None]
        )
        self.close: tuple[Callable[[RuledConnection], None], ...] = tuple(
            [each.close for each in events if each.close is not None]
        )
        self.server_state: tuple[Callable[[str, str, str, str], None], ...] = tuple(
            [each.server_state for each in events if each.server_state is not None]
        )

    def again(self) -> Rules:
        """The same rulebooks, asked anew what they want."""
        return Rules(self.books, self.pools)

    def looking(self, arrival: Choosing) -> list[Chosen]:
        """Ask those who want to see a choice; they are to be told what came out."""
        seen = [look(arrival) for look in self.choosing]
        return [told for told in seen if told is not None]

    def pool(self, name: str) -> Pool:
        """The pool of that name.

        Raises:
            ValueError: there is none.
        """
        pool = self.pools.get(name)
        if pool is None:
            raise ValueError(f"there is no pool {name!r}")
        return pool
