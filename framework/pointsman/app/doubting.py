"""Saying it once when the persistence of a pool does little or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.logger import Logger

from pointsman.core.doubts import doubt
from pointsman.core.pool import Pool

# Seconds between two looks.
_EVERY = 60.0


class Doubting:
    """Looks at all pools once a minute, and warns of each persistence once.

    Args:
        pools: those that are at work now.

    Attributes:
        told: what was warned of, by name of the pool.
    """

    log = Logger()

    def __init__(self, pools: Callable[[], Iterable[Pool]]) -> None:
        self._pools = pools
        self._looked: float | None = None
        self._of: dict[str, object] = {}
        self.told: dict[str, str] = {}

    def tick(self, now: float) -> None:
        """Look, if it is time to; called about every half second, with monotonic seconds."""
        if self._looked is None:
            self._looked = now
        if now - self._looked < _EVERY:
            return
        self._looked = now
        for pool in self._pools():
            told = doubt(pool)
            # Another persistence after a reload is another matter.
            if told and self._of.get(pool.name) is not pool.persistence:
                self._of[pool.name] = pool.persistence
                self.told[pool.name] = told
                self.log.warn("pool {pool}: {doubt}", pool=pool.name, doubt=told)
