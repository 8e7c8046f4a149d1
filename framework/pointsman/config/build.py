"""Validated settings to what the data plane works with: pools, services and planned checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as Folder
from types import MappingProxyType
from typing import Any, TypeVar

from pointsman.config.build_follow import follow, wrong_follows
from pointsman.config.build_health import ProbedAddresses, TlsModes, plans, upstream_of
from pointsman.config.build_pins import PinsMaker, TableMisfit
from pointsman.config.choice import TABLE, Chosen
from pointsman.config.following import followed, following_problems, pool_sections
from pointsman.config.last_words import last_words
from pointsman.config.load import Configuration
from pointsman.config.problems import problem_at
from pointsman.config.registry import Registry
from pointsman.config.rulebooks import RulebookMaker
from pointsman.config.schema import Document
from pointsman.config.schema_health import HealthChoice
from pointsman.config.schema_pool import PoolSection
from pointsman.config.sections import make_sections
from pointsman.config.state_dir import state_dir_of
from pointsman.config.tree import Path
from pointsman.contracts import (
    Arrival,
    HealthCheck,
    Scheduler,
    Surroundings,
    Table,
)
from pointsman.contracts.rules import Rulebook
from pointsman.contracts.tls import TlsMode
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.core.pinning import Pinning, tables_of
from pointsman.core.pool import Pool
from pointsman.core.rules import Rules
from pointsman.core.virtual_service import Route, VirtualService
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError, Problem
from pointsman.model.when_down import SorryPool, WhenDown

P = TypeVar("P")

# The table of a persistence that names none, with `state_dir` and without.
LASTING_TABLE = "lmdb"
DEFAULT_TABLE = "memory"


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
        tables: the tables of all persistences, to be expired and closed.
        settings: the document that it was built from.
        recipes: what each pool was made from.
        sections: what plugins made of the top-level sections that they offer, by name.
        warnings: what plugins found on the way that may be used but is hardly meant.
        state_dir: folder for what is kept over a restart, None if none is named.
    """

    services: tuple[VirtualService, ...]
    pools: Mapping[str, Pool]
    checks: tuple[CheckPlan, ...]
    tables: tuple[Table, ...]
    settings: Document
    recipes: Mapping[str, Recipe]
    sections: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    state_dir: Folder | None = None
    agents: tuple[CheckPlan, ...] = ()


def build(configuration: Configuration, registry: Registry, previous: Site | None = None) -> Site:
    """Make the site that a configuration describes.

    Args:
        configuration: what ``load`` returned.
        registry: whose event hooks are told of what happens.
        previous: the site that runs now. What did not change is taken over from it: members with
            their live state, schedulers with their cursors, persistences with their pins. It must
            not be used any more once the new one is in service.

    Raises:
        ConfigError: settings that cannot work together, as a plugin says; nothing is taken over.
    """
    return _Builder(configuration, registry, previous).site()


@dataclass(slots=True)
class _Parts:
    """What plugins made for one pool."""

    scheduler: Scheduler
    pinning: Pinning | None
    check: HealthCheck | None
    agent: HealthCheck | None
    addresses: Mapping[str, Address | None] = field(default_factory=dict)
    agents: Mapping[str, Address | None] = field(default_factory=dict)


class _Builder:
    def __init__(
        self, configuration: Configuration, registry: Registry, previous: Site | None
    ) -> None:
        self._settings = configuration.settings
        self._positions = configuration.positions
        self._registry = registry
        self._previous = previous
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._made_tables: list[Table] = []
        self._sections: Mapping[str, Any] = {}
        self._state_dir = state_dir_of(configuration)
        lasting = self._state_dir is not None and LASTING_TABLE in registry.tables
        self._pins = PinsMaker(
            self._positions,
            registry,
            LASTING_TABLE if lasting else DEFAULT_TABLE,
            self._made,
            self._problems,
            self._made_tables,
        )
        self._tls_modes = TlsModes(registry)
        self._books = RulebookMaker(self._positions, self._made, self._problems, self._warnings)

    def site(self) -> Site:
        recipes = dict(_recipes(self._settings))
        self._sections = make_sections(
            self._settings, self._positions, self._registry, self._problems, self._warnings
        )
        # A certificate that could not be read must not be reported as missing as well.
        tls = self._tls() if not self._problems else {}
        books = {
            name: self._books.books(name, section, self._sections)
            for name, section in self._settings.virtual_services.items()
            if section.rules and not self._problems
        }
        # First everything that may fail, then what changes the members that work now.
        parts = {name: self._parts(name, recipe, tls) for name, recipe in recipes.items()}
        self._problems += following_problems(self._settings, self._positions)
        for name, target in followed(self._settings).items():
            parts[name].pinning = parts[target].pinning
        services = self._settings.virtual_services
        when_down = last_words(services, self._positions, self._problems)
        sections = {name: (recipe.section, recipe.path) for name, recipe in recipes.items()}
        self._problems += wrong_follows(sections, self._positions)
        if self._problems:
            for table in self._made_tables:
                table.close()
            raise ConfigError(sorted(self._problems, key=lambda p: (p.file, p.line, p.column)))
        self._succeed(tls)
        pools: dict[str, Pool] = {}
        checks: list[CheckPlan] = []
        agents: list[CheckPlan] = []
        for name, recipe in recipes.items():
            made = parts[name]
            pools[name] = self._pool(name, recipe, made)
            checks += plans(pools[name], recipe.section.health, made.check, made.addresses)
            agents += plans(pools[name], recipe.section.agent, made.agent, made.agents)
        follow(pools, {plan.member for plan in checks})
        return Site(
            services=tuple(self._services(pools, tls, books, when_down)),
            pools=MappingProxyType(pools),
            checks=tuple(checks),
            agents=tuple(agents),
            tables=tables_of(made.pinning for made in parts.values()),
            settings=self._settings,
            recipes=MappingProxyType(recipes),
            sections=self._sections,
            warnings=tuple(self._warnings),
            state_dir=self._state_dir,
        )

    def _tls(self) -> Mapping[str, TlsMode]:
        """The TLS mode of each service that has one."""
        made: dict[str, TlsMode] = {}
        for name, section in self._settings.virtual_services.items():
            if section.tls is None:
                continue
            pool = self._settings.pools[section.pool] if isinstance(section.pool, str) else None
            servers = (pool or section.pool_in_place).servers
            path: Path = ("virtual_services", name, "tls")
            around = Surroundings(
                section.pool if isinstance(section.pool, str) else name,
                section.mode,
                service=name,
                hosts=tuple(address.host for address in section.listen if address.host),
                servers=tuple(each.server(key) for key, each in servers.items()),
                sections=self._sections,
                folder=partial(self._positions.folder, path),
            )
            mode = self._made(_maker(section.tls, around), section.tls, path)
            if mode is not None:
                made[name] = mode
                self._warnings += [
                    problem_at(self._positions, path, warning) for warning in mode.warnings
                ]
        return made

    def _services(
        self,
        pools: Mapping[str, Pool],
        tls: Mapping[str, TlsMode],
        books: Mapping[str, Sequence[Rulebook]],
        when_down: Mapping[str, WhenDown],
    ) -> Iterator[VirtualService]:
        finished = self._registry.events("exchange_finished")
        connected = self._registry.events("client_connected")
        for name, section in self._settings.virtual_services.items():
            pool = pools[section.pool if isinstance(section.pool, str) else name]
            mode, last = tls.get(name), when_down.get(name)
            yield VirtualService(
                section.settings(name, self._settings.defaults),
                pool,
                finished=finished,
                connected=connected,
                tls=mode,
                route=_route(mode, pool, pools),
                rules=Rules(books[name], pools) if name in books else None,
                when_down=last,
                sorry=pools[last.pool] if isinstance(last, SorryPool) else None,
            )

    def _parts(self, name: str, recipe: Recipe, tls: Mapping[str, TlsMode]) -> _Parts:
        section, positions = recipe.section, self._positions
        folder = partial(positions.folder, recipe.path)
        surroundings = Surroundings(
            name,
            recipe.mode,
            sections=self._sections,
            folder=folder,
            state_dir=self._state_dir,
        )
        scheduler, pinning = self._kept(name, recipe)
        if scheduler is None:
            make = _maker(section.scheduling, surroundings)
            scheduler = self._made(make, section.scheduling, (*recipe.path, "scheduling"))
        use = section.persistence
        if use is None or use.common.share_with:
            pinning = None  # or another pool's, once that is made
        elif pinning is None:
            pinning = self._pins.pinning(use, surroundings, (*recipe.path, "persistence"))
        if pinning is not None:
            known = positions.known((*recipe.path, "persistence"))
            for told in pinning.persistence.warnings:
                self._warnings.append(problem_at(positions, known, told))
        around = replace(
            surroundings,
            servers=tuple(each.server(key) for key, each in section.servers.items()),
            make_tls_mode=self._tls_modes.maker(surroundings),
            upstream=upstream_of(name, self._settings, tls),
        )
        check, addresses = self._check(section.health, recipe, around, "health")
        agent, agents = self._check(section.agent, recipe, around, "agent")
        return _Parts(scheduler, pinning, check, agent, addresses, agents)

    def _check(
        self, choice: HealthChoice | None, recipe: Recipe, around: Surroundings, key: str
    ) -> tuple[HealthCheck | None, Mapping[str, Address | None]]:
        """The check that stands under this key of a pool, and where it asks its servers."""
        path = (*recipe.path, key)
        check = None
        if choice is not None:
            folder = partial(self._positions.folder, path)
            make = _maker(choice.chosen, replace(around, folder=folder))
            check = self._made(make, choice.chosen, path)
        asked = ProbedAddresses(choice, recipe.section.servers, path, self._positions)
        self._problems += asked.problems
        return check, asked.found

    def _made(self, make: Callable[[], Any], chosen: Chosen, path: Path) -> Any:
        """What a maker makes; None once its failure is noted."""
        try:
            return make()
        except ValueError as error:
            at = (*path, TABLE) if isinstance(error, TableMisfit) else path
            known = self._positions.known((*at, *getattr(error, "at", ())))
            hint = getattr(error, "hint", "")
            self._problems.append(problem_at(self._positions, known, str(error), hint))
        except Exception as error:  # a fault of the plugin, which must be named
            offer = chosen.offered
            message = f"plugin {offer.plugin!r} of {offer.distribution} failed to make {offer.name}"
            told = f"{message}: {type(error).__name__}: {error}"
            self._problems.append(problem_at(self._positions, path, told))
        return None

    # ---- what stays on reload (DESIGN 5.12) ----

    def _kept(self, name: str, recipe: Recipe) -> tuple[Scheduler | None, Pinning | None]:
        old = self._previous.recipes.get(name) if self._previous else None
        if self._previous is None or old is None or old.mode != recipe.mode:
            return None, None
        pool = self._previous.pools[name]
        same_scheduling = old.section.scheduling == recipe.section.scheduling
        same_persistence = (
            old.section.persistence == recipe.section.persistence
            and self._previous.state_dir == self._state_dir
        )
        return (
            pool.scheduler if same_scheduling else None,
            pool.pinning if same_persistence else None,
        )

    def _succeed(self, tls: Mapping[str, TlsMode]) -> None:
        for service in self._previous.services if self._previous else ():
            mode = tls.get(service.name)
            if mode is not None and service.tls is not None:
                mode.take_over(service.tls)

    def _pool(self, name: str, recipe: Recipe, made: _Parts) -> Pool:
        old = self._previous.pools.get(name) if self._previous else None
        members = []
        for server_name, section in recipe.section.servers.items():
            server = section.server(server_name)
            there = old.member(server_name) if old else None
            same = there is not None and there.server == server
            members.append(there if there is not None and same else Member(server))
        made.scheduler.keep([member.name for member in members])
        persistence = made.pinning.persistence if made.pinning is not None else None
        if persistence is not None:
            persistence.keep([member.server for member in members])
        pin_made = self._registry.events("pin_made")
        settings = recipe.section.settings()
        if made.pinning is not None:
            settings = replace(settings, over_limit=made.pinning.over_limit)
        return Pool(name, members, made.scheduler, persistence, pin_made, settings, made.pinning)


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


def _maker(chosen: Chosen, surroundings: Surroundings) -> Callable[[], Any]:
    return lambda: chosen.offered.make(chosen.options, surroundings)


def _recipes(settings: Document) -> Iterator[tuple[str, Recipe]]:
    """Every pool of the configuration, those written in place after the others."""
    modes: dict[str, set[str]] = {}
    for service in settings.virtual_services.values():
        for used in service.pool_names():
            modes.setdefault(used, set()).add(service.mode)
    for name, service in settings.virtual_services.items():
        if isinstance(service.pool, PoolSection):
            modes.setdefault(name, set()).add(service.mode)
    # Pins that are shared have to work for all who share them.
    for name, target in followed(settings).items():
        modes.setdefault(target, set()).update(modes.get(name, ()))
    for name, section, path in pool_sections(settings):
        # What cannot work in tcp mode must not be in a pool that a tcp service uses as well.
        used_in = modes.get(name, set())
        yield name, Recipe(section, path, "tcp" if "tcp" in used_in else "".join(used_in))
