"""How much happens in a second: counters are looked at now and then, and compared when asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pointsman.app.metrics import ServiceCounts
from pointsman.app.seen import Rates
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.virtual_service import VirtualService

# Seconds between two looks, and how many of them are remembered.
_EVERY = 5.0
_KEPT = 3
# Seconds below which two looks say nothing.
_LEAST = 0.2


class _Look(NamedTuple):
    at: float
    services: Mapping[str, tuple[int, int, int, int]]
    members: Mapping[Member, int]


class RateMeter:
    """Measures services and servers.

    Args:
        clock: monotonic seconds.
        services: those that are at work now, with what they count on.
        pools: likewise.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        services: Callable[[], Iterable[tuple[VirtualService, ServiceCounts]]],
        pools: Callable[[], Iterable[Pool]],
    ) -> None:
        self._clock = clock
        self._services = services
        self._pools = pools
        self._looks: deque[_Look] = deque(maxlen=_KEPT)

    def tick(self, now: float) -> None:
        """Look, if it is time to; called about every half second, with monotonic seconds."""
        if self._looks and now - self._looks[-1].at < _EVERY:
            return
        services = {service.name: _four(service, counts) for service, counts in self._services()}
        members = {member: member.total for pool in self._pools() for member in pool.members}
        self._looks.append(_Look(now, services, members))

    def of_service(self, service: VirtualService, counts: ServiceCounts) -> Rates:
        """What a service does in a second; nothing as long as nobody has looked."""
        look, seconds = self._since()
        if look is None or service.name not in look.services:
            return Rates()
        before: Sequence[int] = look.services[service.name]
        # A service that was replaced counts from nothing again.
        rates = [
            round(max(now - then, 0) / seconds, 2)
            for now, then in zip(_four(service, counts), before, strict=True)
        ]
        return Rates(*rates)

    def of_member(self, member: Member) -> float:
        """How much work a server is given in a second."""
        look, seconds = self._since()
        if look is None or member not in look.members:
            return 0.0
        return round((member.total - look.members[member]) / seconds, 2)

    def _since(self) -> tuple[_Look | None, float]:
        now = self._clock()
        for look in self._looks:
            return (look, now - look.at) if now - look.at >= _LEAST else (None, 0.0)
        return None, 0.0


def _four(service: VirtualService, counts: ServiceCounts) -> tuple[int, int, int, int]:
    return service.accepted, service.exchanges, counts.bytes_in, counts.bytes_out
