"""One exchange with rules between recorders: two pools, and rulebooks with plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.recorders import FACTS, FirstOf, Stage
from kit.rulebooks import PlannedRules
from pointsman.contracts.rules import Rulebook
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.ruled_exchange import RuledExchange
from pointsman.core.rules import Rules
from pointsman.model.server import RealServer


class RuledStage(Stage):
    """A stage whose service has rules; beside its own pool there is ``other`` with x and y.

    Args:
        books: rulebooks; if none is given, one is made of ``plans``.
        servers: how many members its own pool has.
        plans: what is said at which event (kit.rulebooks).
    """

    def __init__(
        self,
        *books: Rulebook,
        servers: int = 2,
        body_limit: int = 0,
        max_attempts: int = 3,
        persistence: Any = None,
        **plans: Any,
    ) -> None:
        super().__init__(
            servers,
            persistence=persistence,
            body_limit=body_limit,
            allow_connect=True,
            max_attempts=max_attempts,
        )
        self.book = PlannedRules(**plans)
        self.others = [Member(RealServer(name)) for name in "xy"]
        self.other = Pool("other", self.others, FirstOf())
        pools = {"pool": self.pool, "other": self.other}
        self.members += self.others
        used: Sequence[Rulebook] = books or (self.book,)
        self.service.rules = Rules(used, pools)
        self.ruled = RuledExchange(self.supplies, self.client, FACTS.peer_ip, self.service.rules)
        self.exchange = self.ruled

    @property
    def asked(self) -> list[str]:
        """The events that the rulebook was asked at."""
        return self.book.asked
