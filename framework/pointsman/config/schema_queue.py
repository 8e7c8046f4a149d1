"""The queue of a pool: who waits while all servers are over their limits."""

from __future__ import annotations

from math import ceil
from typing import Literal

from pydantic import Field

from pointsman.config.schema_types import AtLeastOne, Seconds, default_duration
from pointsman.contracts import Settings
from pointsman.model.pool_settings import QueueSettings

_QUEUE = QueueSettings()


class QueueSection(Settings):
    """Who waits while all servers are over their limits."""

    size: AtLeastOne = Field(
        default=_QUEUE.size, description="so many wait at most; the next one is refused"
    )
    timeout: Seconds = Field(
        default=default_duration(_QUEUE.timeout), description="who waits longer is refused"
    )
    status: Literal[503, 429] = Field(default=503, description="status of a refusal")
    retry_after: Seconds = Field(
        default=default_duration(float(_QUEUE.retry_after)),
        description="what a refusal says in Retry-After; 0 says nothing",
    )

    def settings(self) -> QueueSettings:
        """The same for the data plane."""
        return QueueSettings(self.size, self.timeout, self.status, ceil(self.retry_after))
