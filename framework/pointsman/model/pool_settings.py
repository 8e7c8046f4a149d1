"""What a pool is told by the configuration beside its servers: frozen, decided at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# What becomes of a client whose own server is over its limit (DESIGN 5.11).
QUEUE: Final = "queue"  # it waits for its server
MOVE_ONCE: Final = "move_once"  # another server serves it this time, its pin stays
REFUSE: Final = "refuse"


# How the share of a server that came back rises.
LINEAR: Final = "linear"
QUADRATIC: Final = "quadratic"


@dataclass(frozen=True, slots=True)
class OutlierSettings:
    """Which servers answer so much worse than the others that they are left alone.

    Attributes:
        errors: so many errors in a row, 0 does not count them.
        latency: so many times the median of the others until the first byte, 0.0 does not look.
        latency_least: seconds that this must be more than the median.
        answers: fewer in an interval say nothing about latency.
        interval: seconds between two looks at latency.
        eject: seconds that one is left alone for the first time; twice that the second time, ...
        eject_most: at most so many.
        at_most: share of the servers that may be left alone at the same time.
        check: have it checked at once instead, where it has a health check.
    """

    errors: int = 5
    latency: float = 0.0
    latency_least: float = 0.05
    answers: int = 20
    interval: float = 10.0
    eject: float = 30.0
    eject_most: float = 300.0
    at_most: float = 0.5
    check: bool = False


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Who waits while all servers are over their limits.

    Attributes:
        size: so many wait at most; the next ones are refused.
        timeout: seconds; who has waited so long is refused.
        status: of a refusal, 503 or 429.
        retry_after: seconds that a refused client is asked to wait, 0 says nothing of it.
    """

    size: int = 100
    timeout: float = 5.0
    status: int = 503
    retry_after: int = 1


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How a pool treats its servers.

    Attributes:
        drain_time: seconds until a draining server is left by its pinned clients as well.
        drop_at_drain_end: close what is still open to a server once its drain time is over.
        drop_on_fail: close what is open to a server that went down.
        over_limit: QUEUE, MOVE_ONCE or REFUSE.
        queue: who waits for a server; None if nobody does.
        minimum_active: servers of the next priority work while fewer than so many before them do.
        minimum: so many must work, or the pool takes no work.
        warn_below: with fewer that work, its services are degraded.
        slow_start: seconds in which the share of a server that came back rises, 0.0 for none.
        slow_start_curve: LINEAR or QUADRATIC.
        outliers: who answers much worse than the others; None does not look.
        panic_below: with a smaller share that works, health is ignored; 0.0 never does that.
    """

    drain_time: float = 300.0
    drop_at_drain_end: bool = False
    drop_on_fail: bool = False
    over_limit: str = MOVE_ONCE
    queue: QueueSettings | None = None
    minimum_active: int = 1
    minimum: int = 1
    warn_below: int = 0
    panic_below: float = 0.0
    slow_start: float = 0.0
    slow_start_curve: str = LINEAR
    outliers: OutlierSettings | None = None
