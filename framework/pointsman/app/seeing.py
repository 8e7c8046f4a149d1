"""Looking at a running site: its services, pools and servers as they are now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from pointsman.app.assembly import RunningSite
from pointsman.app.running_service import RunningService
from pointsman.app.seen import (
    DrainSeen,
    PoolSeen,
    RemovedSeen,
    ServerSeen,
    ServiceSeen,
    SiteSeen,
    TlsSeen,
)
from pointsman.config.steps import Steps
from pointsman.core.draining import UNKNOWN, forecast, pins_by_server
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import DRAINING, ENABLED
from pointsman.model.errors import ReloadError

# The words by which TLS modes say of themselves that a certificate only stands in.
_TEMPORARY = "temporary certificate"


class Seeing:
    """What there is to see of a running site. Nothing is changed by it.

    Args:
        running: the site.
    """

    def __init__(self, running: RunningSite) -> None:
        self._running = running
        self._now = running.clock()

    def site(self, file: str, revision: int, warnings: Sequence[str]) -> Steps[SiteSeen]:
        """All of it, in steps.

        Args:
            file: that it runs by, "" if there is none.
            revision: number of the configuration in force.
            warnings: of that configuration.
        """
        running = self._running
        services: list[ServiceSeen] = []
        leaving = {*running.leaving.services}  # all of them, once it is told to stop
        for each in running.services:
            if each not in leaving:
                services.append(self.service(each))
            yield
        services += [self.service(each, leaving=True) for each in running.leaving.services]
        pools: list[PoolSeen] = []
        for pool in [*running.site.pools.values()]:
            pools.append((yield from self.pool(pool)))
        return SiteSeen(
            version=version("pointsman"),
            pid=os.getpid(),
            file=file,
            revision=revision,
            began=running.began,
            now=running.shared.wall(),
            warnings=[*warnings],
            services=services,
            pools=pools,
            removed=[
                RemovedSeen(
                    member.name,
                    str(member.server.place),
                    member.active,
                    round(max(until - self._now, 0.0), 1),
                )
                for member, until in running.leaving.members
            ],
        )

    # ---- services ----

    def service(self, running: RunningService, leaving: bool = False) -> ServiceSeen:
        """One virtual service."""
        service, counts = running.service, running.counts
        state = service.state
        since = next(
            (at for at, changed in reversed(service.history) if changed.word == state.word), None
        )
        return ServiceSeen(
            name=service.name,
            state=state.word,
            why=state.reason,
            since=since,
            mode=service.settings.mode,
            listen=[*_places(running)],
            pool=service.pool.name,
            sorry=service.sorry.name if service.sorry is not None else "",
            tls=_tls(running),
            connections=service.connections,
            accepted=service.accepted,
            exchanges=service.exchanges,
            classes=counts.classes,
            bytes_in=counts.bytes_in,
            bytes_out=counts.bytes_out,
            rates=self._running.rates.of_service(service, counts),
            leaving=leaving,
            rules=running.rules.counts if running.rules is not None else {},
        )

    # ---- pools and servers ----

    def pool(self, pool: Pool) -> Steps[PoolSeen]:
        """One pool with its servers, in steps."""
        running = self._running
        if running.closed:
            raise ReloadError("it has stopped meanwhile")
        pins = pins_by_server(pool)
        servers: list[ServerSeen] = []
        for member in pool.members:
            servers.append(self.server(pool, member, pins))
            yield
        recipe = running.site.recipes.get(pool.name)
        return PoolSeen(
            name=pool.name,
            scheduling=recipe.section.scheduling.name if recipe is not None else "",
            persistence=[kind.name for kind in pool.pinning.kinds] if pool.pinning else [],
            doubt=running.doubting.told.get(pool.name, ""),
            refused_pins=pool.refused_pins,
            waiting=pool.waiting.count if pool.waiting is not None else 0,
            servers=servers,
        )

    def server(self, pool: Pool, member: Member, pins: Mapping[str, int] | None) -> ServerSeen:
        """One real server.

        Args:
            pool: its pool.
            member: the server.
            pins: of the pool, by server; None if nobody counts them.
        """
        change = self._running.life.last.get(member)
        state = member.state
        return ServerSeen(
            pool=pool.name,
            name=member.name,
            place=str(member.server.place),
            state=state,
            why=member.why,
            since=change.time if change is not None and change.state == state else None,
            by_command=[*set_by_command(member)],
            takes_new=member.takes_new,
            weight=member.weight,
            wanted_weight=member.base_weight,
            priority=member.server.priority,
            active=member.active,
            tunnels=member.tunnels,
            total=member.total,
            rate=self._running.rates.of_member(member),
            failures=member.failures,
            max_connections=member.server.max_connections,
            pins=None if pins is None else pins.get(member.name, 0),
            drain=self._drain(pool, member) if member.admin == DRAINING else None,
        )

    def _drain(self, pool: Pool, member: Member) -> DrainSeen:
        told = forecast(pool, member, self._now)
        pins = None if told.pins == UNKNOWN else told.pins
        return DrainSeen(pins, told.open, round(told.left, 1), told.empty_within, str(told))


def set_by_command(member: Member) -> Iterator[str]:
    """What an operator has set that the configuration says otherwise, in words."""
    if member.admin != ENABLED:
        yield member.admin
    configured = member.server.weight
    if member.base_weight != configured:
        yield f"weight {configured} -> {member.base_weight}"


def _places(running: RunningService) -> Iterator[str]:
    for listener in running.listeners:
        address = listener.address
        yield str(address.with_port(listener.port) if listener.port else address)


def _tls(running: RunningService) -> TlsSeen | None:
    mode = running.service.tls
    if mode is None:
        return None
    handshakes, dialler = running.handshakes, running.tls_dialler
    described = mode.describes
    return TlsSeen(
        mode=described,
        temporary=_TEMPORARY in described,
        handshakes=handshakes.done if handshakes is not None else 0,
        resumed=handshakes.resumed if handshakes is not None else 0,
        refused=handshakes.refused if handshakes is not None else 0,
        failures=dict(handshakes.failures) if handshakes is not None else {},
        troubles=dict(dialler.troubles) if dialler is not None else {},
    )
