"""Validated settings to what the data plane works with: pools, services and planned checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pointsman.config.build_explain import explaining
from pointsman.config.build_follow import wrong_follows
from pointsman.config.build_health import ProbedAddresses, TlsModes, upstreams_of
from pointsman.config.build_pins import PinsMaker, TableMisfit, inherited
from pointsman.config.build_values import ValuesMaker
from pointsman.config.choice import TABLE, Chosen
from pointsman.config.draft import Draft, Parts, Recipe
from pointsman.config.draft import Site as Site
from pointsman.config.following import followed, following_problems, pool_sections
from pointsman.config.last_words import last_words
from pointsman.config.load import Configuration
from pointsman.config.problems import problem_at
from pointsman.config.registry import Registry
from pointsman.config.rulebooks import RulebookMaker
from pointsman.config.schema import Document
from pointsman.config.schema_health import HealthChoice
from pointsman.config.schema_persistence import PersistenceUse
from pointsman.config.schema_pool import PoolSection
from pointsman.config.sections import make_sections
from pointsman.config.state_dir import state_dir_of
from pointsman.config.steps import Steps, at_once
from pointsman.config.tree import Path
from pointsman.contracts import HealthCheck, Scheduler, Surroundings, Table, Values
from pointsman.contracts.rules import Rulebook
from pointsman.contracts.tls import TlsMode, TlsUpstreamSide
from pointsman.core.pinning import Pinning
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError, Problem
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings


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
    return at_once(draft(configuration, registry, previous)).put_to_work()


def draft(
    configuration: Configuration, registry: Registry, previous: Site | None = None
) -> Steps[Draft]:
    """The same in steps, and all but for the last: the site that runs now is only looked at.

    Raises:
        ConfigError: as above.
    """
    return _Builder(configuration, registry, previous).steps()


# The table of a persistence that names none, with `state_dir` and without.
LASTING_TABLE = "lmdb"
DEFAULT_TABLE = "memory"


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
        self._made_tables: list[Table | Values] = []
        self._inherited: list[tuple[Table, Table]] = []
        self._sections: Mapping[str, Any] = {}
        self._same_sections = False
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
        self._values = ValuesMaker(
            self._positions,
            registry,
            self._state_dir,
            self._problems,
            previous.values if previous is not None else {},
        )
        self._tls_modes = TlsModes(registry)
        self._upstreams: Mapping[str, TlsUpstreamSide] = {}
        self._books = RulebookMaker(self._positions, self._made, self._problems, self._warnings)

    def steps(self) -> Steps[Draft]:
        recipes = dict(_recipes(self._settings))
        yield
        self._sections = make_sections(
            self._settings,
            self._positions,
            self._registry,
            self._problems,
            self._warnings,
            self._values,
            self._previous.sections if self._previous is not None else None,
        )
        self._made_tables += self._values.fresh
        if self._previous is not None:
            self._same_sections = self._previous.sections == self._sections
            if self._same_sections:
                self._tls_modes = self._previous.tls_modes or self._tls_modes
        yield
        # A certificate that could not be read must not be reported as missing as well.
        tls: dict[str, TlsMode] = {}
        if not self._problems:
            for name in self._settings.virtual_services:
                self._make_tls(name, tls)
                yield
        books: dict[str, Sequence[Rulebook]] = {}
        for name, section in self._settings.virtual_services.items():
            if section.rules and not self._problems:
                books[name] = self._books.books(name, section, self._sections)
                yield
        for name, explainer in explaining(self._settings, self._positions, self._problems):
            # It looks at answers before a rule may decide that there is another one.
            books[name] = (explainer, *books.get(name, ()))
        parts: dict[str, Parts] = {}
        self._upstreams = upstreams_of(self._settings, tls)
        yield
        for name, recipe in recipes.items():
            parts[name] = self._parts(name, recipe)
            yield
        self._problems += following_problems(self._settings, self._positions)
        for name, target in followed(self._settings).items():
            parts[name].pinning = parts[target].pinning
        yield
        services = self._settings.virtual_services
        service_settings: list[ServiceSettings] = []
        for name, service in services.items():
            service_settings.append(service.settings(name, self._settings.defaults))
            yield
        when_down = last_words(services, self._positions, self._problems)
        sections = {name: (recipe.section, recipe.path) for name, recipe in recipes.items()}
        self._problems += wrong_follows(sections, self._positions)
        if self._problems:
            for table in self._made_tables:
                table.close()
            raise ConfigError(sorted(self._problems, key=lambda p: (p.file, p.line, p.column)))
        return Draft(
            self._settings,
            service_settings,
            self._registry,
            recipes,
            parts,
            tls,
            books,
            when_down,
            self._sections,
            self._warnings,
            self._made_tables,
            self._inherited,
            self._values.kept,
            self._state_dir,
            self._tls_modes,
            self._previous,
        )

    def _make_tls(self, name: str, made: dict[str, TlsMode]) -> None:
        """The TLS mode of a service, if it has one."""
        section = self._settings.virtual_services[name]
        if section.tls is None:
            return
        around = self._around_tls(name, self._settings)
        path: Path = ("virtual_services", name, "tls")
        mode = self._kept_tls(name, around)
        if mode is None:
            mode = self._made(_maker(section.tls, around), section.tls, path)
        if mode is not None:
            made[name] = mode
            self._warnings += [
                problem_at(self._positions, path, warning) for warning in mode.warnings
            ]

    def _around_tls(self, name: str, settings: Document) -> Surroundings:
        section = settings.virtual_services[name]
        pool = settings.pools[section.pool] if isinstance(section.pool, str) else None
        servers = (pool or section.pool_in_place).servers
        return Surroundings(
            section.pool if isinstance(section.pool, str) else name,
            section.mode,
            service=name,
            hosts=tuple(address.host for address in section.listen if address.host),
            servers=tuple(each.server(key) for key, each in servers.items()),
            sections=self._sections,
            folder=partial(self._positions.folder, ("virtual_services", name, "tls")),
        )

    def _parts(self, name: str, recipe: Recipe) -> Parts:
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
            make = _scheduler_maker(section.scheduling, surroundings)
            scheduler = self._made(make, section.scheduling, (*recipe.path, "scheduling"))
        use = section.persistence
        if use is None or use.common.share_with:
            pinning = None  # or another pool's, once that is made
        elif pinning is None:
            pinning = self._pins.pinning(use, surroundings, (*recipe.path, "persistence"))
            self._inherit(name, recipe, use, pinning)
        if pinning is not None:
            known = positions.known((*recipe.path, "persistence"))
            for told in pinning.persistence.warnings:
                self._warnings.append(problem_at(positions, known, told))
        around = replace(
            surroundings,
            servers=tuple(each.server(key) for key, each in section.servers.items()),
            make_tls_mode=self._tls_modes.maker(surroundings),
            upstream=self._upstreams.get(name),
        )
        check, addresses = self._check(section.health, recipe, around, "health")
        agent, agents = self._check(section.agent, recipe, around, "agent")
        return Parts(scheduler, pinning, check, agent, addresses, agents)

    def _inherit(
        self, name: str, recipe: Recipe, use: PersistenceUse, pinning: Pinning | None
    ) -> None:
        """Pins of before that the persistence of a pool may go on with."""
        old = self._previous.recipes.get(name) if self._previous else None
        if self._previous is None or old is None or pinning is None or old.mode != recipe.mode:
            return
        before, former = old.section.persistence, self._previous.pools[name].pinning
        if before is not None and former is not None:
            self._inherited += inherited(before, former, use, pinning)

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

    def _kept_tls(self, name: str, around: Surroundings) -> TlsMode | None:
        """The mode that runs now, if all that it was made of is the same: its sessions stay."""
        previous = self._previous
        if previous is None or not self._same_sections:
            return None
        section = previous.settings.virtual_services.get(name)
        if section is None or section.tls != self._settings.virtual_services[name].tls:
            return None
        before = self._around_tls(name, previous.settings)
        if replace(before, servers=()) != replace(around, servers=()):
            return None
        if [*map(_place, before.servers)] != [*map(_place, around.servers)]:
            return None
        return next((each.tls for each in previous.services if each.name == name), None)


def _place(server: RealServer) -> tuple[str, str]:
    """What TLS has to do with a server: not its weight."""
    return server.name, server.place


def _maker(chosen: Chosen, surroundings: Surroundings) -> Callable[[], Any]:
    return lambda: chosen.offered.make(chosen.options, surroundings)


def _scheduler_maker(chosen: Chosen, surroundings: Surroundings) -> Callable[[], Any]:
    """Makes one, and sees that it has all that it will be asked for."""

    def make() -> Any:
        made = chosen.offered.make(chosen.options, surroundings)
        lacks = [name for name in vars(Scheduler) if name[0] != "_" and not hasattr(made, name)]
        if lacks:
            raise AttributeError(f"{type(made).__name__} has no {', '.join(lacks)}")
        return made

    return make


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
