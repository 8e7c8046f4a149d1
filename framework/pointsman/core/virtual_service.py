"""A virtual service: what is decided at load about the traffic of its listening addresses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from pointsman.contracts import Arrival
from pointsman.contracts.tls import TlsMode
from pointsman.core.pool import REMEMBERED, Pool
from pointsman.core.retry_budget import RetryBudget
from pointsman.core.rules import Rules
from pointsman.core.service_state import UP, ServiceState
from pointsman.model.connection import ConnectionFacts
from pointsman.model.record import ExchangeRecord
from pointsman.model.service import ServiceSettings
from pointsman.model.when_down import WhenDown

Finished = Callable[[ExchangeRecord], None]
Connected = Callable[[str, ConnectionFacts], None]
Route = Callable[[Arrival], Pool | None]


class VirtualService:
    """Settings, pool and event hooks of one service, ready for the data plane.

    Attributes:
        name: as written in the configuration.
        settings: everything that was decided at load.
        pool: where its work goes, unless ``route`` says otherwise.
        when_down: what it does when no server is left; None refuses clients with a 503.
        sorry: the pool that serves then, None if there is none.
        enabled: it takes clients; otherwise each is closed at once.
        state: what its clients meet, kept up to date by whoever runs it.
        history: the last changes of that, the oldest first: seconds since the epoch, and states.
        route: chooses the pool for an arrival, or refuses it by None; None if there is no choice.
        rules: what rulebooks say about its traffic, None if it has none.
        finished: who is told of a finished exchange; empty costs nothing.
        connected: who is told of a new client connection; likewise.
        tls: who takes TLS off and puts it on, None if all is plain.
        retry_budget: how many requests may be sent again.
        connections: client connections open now.
        accepted: client connections ever accepted.
        exchanges: exchanges and tunnels ever finished.
    """

    __slots__ = (
        "accepted",
        "connected",
        "connections",
        "enabled",
        "exchanges",
        "finished",
        "history",
        "name",
        "pool",
        "retry_budget",
        "route",
        "rules",
        "settings",
        "sorry",
        "state",
        "tls",
        "when_down",
    )

    def __init__(
        self,
        settings: ServiceSettings,
        pool: Pool,
        *,
        finished: Sequence[Finished] = (),
        connected: Sequence[Connected] = (),
        tls: TlsMode | None = None,
        route: Route | None = None,
        rules: Rules | None = None,
        when_down: WhenDown | None = None,
        sorry: Pool | None = None,
    ) -> None:
        self.name = settings.name
        self.settings = settings
        self.pool = pool
        self.route = route
        self.rules = rules
        self.when_down = when_down
        self.sorry = sorry
        self.enabled = settings.enabled
        self.state = ServiceState(UP, "not looked at yet")
        self.history: deque[tuple[float, ServiceState]] = deque(maxlen=REMEMBERED)
        self.tls = tls
        self.finished = tuple(finished)
        self.connected = tuple(connected)
        self.retry_budget = RetryBudget()
        self.connections = 0
        self.accepted = 0
        self.exchanges = 0

    def become(self, other: VirtualService) -> None:
        """The configuration was changed: decide as ``other`` does; what was counted stays."""
        if other.settings.enabled != self.settings.enabled:
            self.enabled = other.settings.enabled  # else an operator's word stays
        self.settings = other.settings
        self.pool = other.pool
        self.when_down = other.when_down
        self.sorry = other.sorry
        self.route = other.route
        self.rules = other.rules
        self.tls = other.tls
        self.finished = other.finished
        self.connected = other.connected
