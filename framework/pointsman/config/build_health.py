"""Health checks of a configuration: where they ask, what they speak TLS with, and the plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from pointsman.config.nearest import nearest
from pointsman.config.problems import first_in_words, problem_at
from pointsman.config.registry import Registry
from pointsman.config.schema import Document
from pointsman.config.schema_health import HealthChoice
from pointsman.config.schema_pool import ServerSection
from pointsman.config.tree import Path, Positions
from pointsman.contracts import HealthCheck, Misfit, Surroundings
from pointsman.contracts.tls import TlsMode, TlsUpstreamSide
from pointsman.core.health import CheckPlan
from pointsman.core.pool import Pool
from pointsman.model.address import Address
from pointsman.model.errors import Problem


class ProbedAddresses:
    """Works out where each server of a pool is probed.

    Args:
        health: what asks them; None finds nothing.
        servers: by their names.
        path: where ``health`` stands in the configuration.
        positions: of everything in it.

    Attributes:
        found: server name -> the address that is asked instead of its own, None for its own.
        problems: one for each server that has no such place.
    """

    def __init__(
        self,
        health: HealthChoice | None,
        servers: Mapping[str, ServerSection],
        path: Path,
        positions: Positions,
    ) -> None:
        self.found: dict[str, Address | None] = {}
        self.problems: list[Problem] = []
        if health is None:
            return
        for name, server in servers.items():
            self.found[name] = health.common.address
            if health.common.port is None:
                continue
            if server.address is None or server.address.path:
                message = f"server {name!r} is not reached by host and port"
                at = (*path, "port")
                self.problems.append(problem_at(positions, at, message, "give `address` instead"))
            else:
                self.found[name] = server.address.with_port(health.common.port)


class TlsModes:
    """Makes TLS modes for health checks; what is asked for twice is made once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: dict[tuple[str, str], TlsMode] = {}

    def maker(self, surroundings: Surroundings) -> Callable[[str, Mapping[str, Any]], TlsMode]:
        """``Surroundings.make_tls_mode`` for checks of that place.

        What it makes does not depend on the pool, so that equal checks of two pools are equal.
        """
        around = replace(surroundings, pool="", mode="http")

        def make(kind: str, options: Mapping[str, Any]) -> TlsMode:
            key = (kind, repr(options))
            if key not in self._made:
                self._made[key] = self._make(kind, options, around)
            return self._made[key]

        return make

    def _make(self, kind: str, options: Mapping[str, Any], around: Surroundings) -> TlsMode:
        known = self._registry.tls_modes
        offer = known.get(kind)
        if offer is None:
            raise Misfit(f"no plugin offers the TLS mode {kind!r}", nearest(kind, known))
        try:
            settings = offer.settings.model_validate(options)
        except ValidationError as error:
            at = error.errors()[0]["loc"]
            raise Misfit(first_in_words(error), at=at) from None
        mode: TlsMode = offer.make(settings, around)
        return mode


def upstreams_of(settings: Document, modes: Mapping[str, TlsMode]) -> Mapping[str, TlsUpstreamSide]:
    """Pool -> who puts TLS on toward its servers, for the first service that does."""
    found: dict[str, TlsUpstreamSide] = {}
    for name, service in settings.virtual_services.items():
        mode = modes.get(name)
        if mode is None or mode.upstream is None:
            continue
        for pool in service.pool_names() if isinstance(service.pool, str) else (name,):
            found.setdefault(pool, mode.upstream)
    return found


def plans(
    pool: Pool,
    health: HealthChoice | None,
    check: HealthCheck | None,
    addresses: Mapping[str, Address | None],
) -> Iterator[CheckPlan]:
    """A plan for each member of a pool that is checked; one that follows another is not."""
    if health is None or check is None:
        return
    timing = health.common.timing()
    for member in pool.members:
        if member.server.follow:
            continue
        yield CheckPlan(pool.name, member, check, timing, addresses[member.name])
