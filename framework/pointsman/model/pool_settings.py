"""What a pool is told by the configuration beside its servers: frozen, decided at load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How a pool treats its servers.

    Attributes:
        drain_time: seconds until a draining server is left by its pinned clients as well.
        drop_at_drain_end: close what is still open to a server once its drain time is over.
        drop_on_fail: close what is open to a server that went down.
    """

    drain_time: float = 300.0
    drop_at_drain_end: bool = False
    drop_on_fail: bool = False
