"""What all exchanges of one virtual service share."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.core.ports import Upstreams
from pointsman.core.virtual_service import VirtualService


class ExchangeSupplies:
    """What all exchanges of one virtual service share.

    Args:
        service: its settings, pool and event hooks.
        upstreams: opens connections to servers.
        clock: monotonic seconds.
        wall: seconds since the epoch.
        next_id: a new request id.
    """

    __slots__ = ("clock", "next_id", "service", "upstreams", "wall")

    def __init__(
        self,
        service: VirtualService,
        upstreams: Upstreams,
        clock: Callable[[], float],
        wall: Callable[[], float],
        next_id: Callable[[], str],
    ) -> None:
        self.service = service
        self.upstreams = upstreams
        self.clock = clock
        self.wall = wall
        self.next_id = next_id
