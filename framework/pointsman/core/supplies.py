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
        report: told of a plugin that raised: what it was asked, and the error.
    """

    __slots__ = ("clock", "next_id", "report", "service", "upstreams", "wall")

    def __init__(
        self,
        service: VirtualService,
        upstreams: Upstreams,
        clock: Callable[[], float],
        wall: Callable[[], float],
        next_id: Callable[[], str],
        report: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self.service = service
        self.upstreams = upstreams
        self.clock = clock
        self.wall = wall
        self.next_id = next_id
        self.report = report or _raise


def _raise(asked: str, error: Exception) -> None:
    raise error
