"""A site that is made but not yet at work: nothing that could fail is left to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as Folder
from types import MappingProxyType
from typing import Any

from pointsman.config.build_follow import follow
from pointsman.config.build_health import TlsModes, plans
from pointsman.config.build_values import KeptValues
from pointsman.config.registry import Registry
from pointsman.config.schema import Document
from pointsman.config.schema_pool import PoolSection
from pointsman.config.steps import Steps, at_once
from pointsman.config.tree import Path
from pointsman.contracts import Arrival, HealthCheck, Scheduler, Table, Values
from pointsman.contracts.rules import Rulebook
from pointsman.contracts.tls import TlsMode
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.core.pinning import Pinning, tables_of
from pointsman.core.pool import Pool
from pointsman.core.rules import Rules
from pointsman.core.virtual_service import Route, VirtualService
from pointsman.model.address import Address
from pointsman.model.errors import Problem
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings
from pointsman.model.when_down import SorryPool, WhenDown


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a pool was made from, to know on reload what may stay.

    Attributes:
        section: its settings.
        path: where they stand in the configuration.
        mode: of the services that use it, "" if none does.
    """

    section: PoolSection
    path: Path
    mode: str


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that one configuration amounts to.

    Attributes:
        services: in the order of the configuration.
        pools: by name; those written in place bear the name of their service.
        checks: one for each member of a pool that has a health check.
        agents: one for each member of a pool whose servers have agents beside it.
        tables: the tables of all persistences and of values, to be expired and closed.
        settings: the document that it was built from.
        recipes: what each pool was made from.
        sections: what plugins made of the top-level sections that they offer, by name.
        warnings: what plugins found on the way that may be used but is hardly meant.
        state_dir: folder for what is kept over a restart, None if none is named.
        tls_modes: those of its health checks, which stay equal over reloads by it.
        values: those that sections have asked for, by section and name.
    """

    services: tuple[VirtualService, ...]
    pools: Mapping[str, Pool]
    checks: tuple[CheckPlan, ...]
    tables: tuple[Table | Values, ...]
    settings: Document
    recipes: Mapping[str, Recipe]
    sections: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    state_dir: Folder | None = None
    tls_modes: TlsModes | None = None
    agents: tuple[CheckPlan, ...] = ()
    values: Mapping[tuple[str, str], KeptValues] = field(default_factory=dict)


@dataclass(slots=True)
class Parts:
    """What plugins made for one pool, or what it keeps of its own."""

    scheduler: Scheduler
    pinning: Pinning | None
    check: HealthCheck | None
    agent: HealthCheck | None
    addresses: Mapping[str, Address | None] = field(default_factory=dict)
    agents: Mapping[str, Address | None] = field(default_factory=dict)


class Draft:
    """A site that only has to be put to work.

    Args:
        settings: the document.
        service_settings: of every virtual service.
        registry: whose event hooks are told of what happens.
        recipes: of every pool.
        parts: of every pool.
        tls: the TLS mode of each service that has one.
        books: the rulebooks of each service that has some.
        when_down: what services do when no server is left, of those that say so.
        sections: what plugins made of their sections.
        warnings: what they found on the way.
        tables: those that were made for it.
        inherited: from which tables into which of them pins can be taken over.
        values: all that its sections asked for, by section and name.
        state_dir: folder for what is kept over a restart, None if none is named.
        tls_modes: makes those of health checks.
        previous: the site that runs now, if there is one.

    Attributes:
        service_settings: of every virtual service.
        tables: those that were made for it; they are not started.
        inherited: as above.
    """

    def __init__(
        self,
        settings: Document,
        service_settings: Sequence[ServiceSettings],
        registry: Registry,
        recipes: Mapping[str, Recipe],
        parts: Mapping[str, Parts],
        tls: Mapping[str, TlsMode],
        books: Mapping[str, Sequence[Rulebook]],
        when_down: Mapping[str, WhenDown],
        sections: Mapping[str, Any],
        warnings: Sequence[Problem],
        tables: Sequence[Table | Values],
        inherited: Sequence[tuple[Table, Table]],
        values: Mapping[tuple[str, str], KeptValues],
        state_dir: Folder | None,
        tls_modes: TlsModes,
        previous: Site | None,
    ) -> None:
        self.settings = settings
        self.recipes = recipes
        self.sections = sections
        self.warnings = tuple(warnings)
        self.service_settings = tuple(service_settings)
        self._registry = registry
        self._pin_made = registry.events("pin_made")
        self._parts = parts
        self._tls = tls
        self._books = books
        self._when_down = when_down
        self.tables = tuple(tables)
        self.inherited = tuple(inherited)
        self._values = values
        self.state_dir = state_dir
        self._tls_modes = tls_modes
        self._previous = previous

    def servers(self) -> Iterator[tuple[Path, RealServer]]:
        """Every real server, and where it stands in the configuration."""
        for recipe in self.recipes.values():
            for name, section in recipe.section.servers.items():
                yield (*recipe.path, "servers", name), section.server(name)

    def places(self) -> Iterator[Address]:
        """Every address that is dialled, by traffic or by a probe."""
        for _, server in self.servers():
            yield server.address
        for parts in self._parts.values():
            for address in (*parts.addresses.values(), *parts.agents.values()):
                if address is not None:
                    yield address

    def discard(self) -> None:
        """It is not wanted: let go of what was made for it alone."""
        for table in self.tables:
            table.close()

    def put_to_work(self) -> Site:
        """The site; what did not change is taken over from the previous one.

        That one must not be used any more: its pools, members and services have changed.
        """
        pools, checks, agents = at_once(self.pools())
        return self.site(pools, checks, agents, [*self.services(pools)])

    def pools(self) -> Steps[tuple[Mapping[str, Pool], Sequence[CheckPlan], Sequence[CheckPlan]]]:
        """The first part: every pool, and what is to be asked of its servers and their agents."""
        previous = self._previous
        pools: dict[str, Pool] = {}
        checks: list[CheckPlan] = []
        agents: list[CheckPlan] = []
        for name, recipe in self.recipes.items():
            parts = self._parts[name]
            pools[name] = self._pool(name, recipe, parts, previous)
            checks += plans(pools[name], recipe.section.health, parts.check, parts.addresses)
            agents += plans(pools[name], recipe.section.agent, parts.agent, parts.agents)
            yield
        follow(pools, {plan.member for plan in checks})
        return MappingProxyType(pools), checks, agents

    def services(self, pools: Mapping[str, Pool]) -> Iterator[VirtualService]:
        """The second part: every service in turn, which decides anew once it was given out."""
        finished = self._registry.events("exchange_finished")
        connected = self._registry.events("client_connected")
        previous = self._previous.services if self._previous is not None else ()
        known = {service.name: service for service in previous}
        for settings in self.service_settings:
            section = self.settings.virtual_services[settings.name]
            pool = pools[section.pool if isinstance(section.pool, str) else settings.name]
            mode, last = self._tls.get(settings.name), self._when_down.get(settings.name)
            old = known.get(settings.name)
            service = VirtualService(
                settings,
                pool,
                finished=finished,
                connected=connected,
                tls=mode,
                route=_route(mode, pool, pools),
                rules=self._rules(settings.name, pools, old),
                when_down=last,
                sorry=pools[last.pool] if isinstance(last, SorryPool) else None,
            )
            if old is not None and old.tls is not None and mode not in (None, old.tls):
                mode.take_over(old.tls)
            if old is not None and old.settings.mode == settings.mode:
                old.become(service)
                service = old
            yield service

    def _rules(
        self, name: str, pools: Mapping[str, Pool], old: VirtualService | None
    ) -> Rules | None:
        """Those of a service: what is at work and would be made as it is goes on."""
        books = self._books.get(name)
        if books is None:
            return None
        before = old.rules.books if old is not None and old.rules is not None else ()
        if old is None or not before or old.settings.mode != self._mode_of(name):
            return Rules(books, pools)
        left = [*before]
        chosen: list[Rulebook] = []
        for book in books:
            place = next((at for at, each in enumerate(left) if each.stays(book)), None)
            if place is None:
                book.take_over(before)
                chosen.append(book)
            else:
                chosen.append(left.pop(place))
                chosen[-1].keep(book)
        return Rules(chosen, pools)

    def _mode_of(self, name: str) -> str:
        return self.settings.virtual_services[name].mode

    def site(
        self,
        pools: Mapping[str, Pool],
        checks: Sequence[CheckPlan],
        agents: Sequence[CheckPlan],
        services: Sequence[VirtualService],
    ) -> Site:
        """The last part: all of it together."""
        return Site(
            services=tuple(services),
            pools=pools,
            checks=tuple(checks),
            agents=tuple(agents),
            tables=(
                *tables_of(parts.pinning for parts in self._parts.values()),
                *(kept.values for kept in self._values.values()),
            ),
            values=self._values,
            settings=self.settings,
            recipes=MappingProxyType(dict(self.recipes)),
            sections=self.sections,
            warnings=self.warnings,
            state_dir=self.state_dir,
            tls_modes=self._tls_modes,
        )

    def _pool(self, name: str, recipe: Recipe, parts: Parts, previous: Site | None) -> Pool:
        old = previous.pools.get(name) if previous is not None else None
        members = []
        for server_name, section in recipe.section.servers.items():
            server = section.server(server_name)
            there = old.member(server_name) if old is not None else None
            if there is not None and there.server.place == server.place:
                there.become(server)
                members.append(there)
            else:
                members.append(Member(server))
        pinning = parts.pinning
        persistence = pinning.persistence if pinning is not None else None
        parts.scheduler.keep([member.name for member in members])
        if persistence is not None:
            persistence.keep([member.server for member in members])
        settings = recipe.section.settings()
        if pinning is not None:
            settings = replace(settings, over_limit=pinning.over_limit)
        if old is not None and old.scheduler is parts.scheduler and old.pinning is pinning:
            old.change(members, self._pin_made, settings)
            return old
        # What is under way began with the parts of the old one, and shall end with them.
        made = self._pin_made
        pool = Pool(name, members, parts.scheduler, persistence, made, settings, pinning)
        scheduling = recipe.section.scheduling
        pool.scheduling, pool.scheduling_goes_by = scheduling.name, scheduling.offered.doc
        if old is not None:
            pool.history.extend(old.history)
        return pool


def _route(mode: TlsMode | None, own: Pool, pools: Mapping[str, Pool]) -> Route | None:
    """What chooses among pools, if the TLS mode of a service does."""
    if mode is None or mode.passage is None:
        return None
    pool_for = mode.passage.pool_for

    def route(arrival: Arrival) -> Pool | None:
        name = pool_for(arrival)
        if name is None:
            return None
        return pools[name] if name else own

    return route
