"""The plugins that are loaded, what they offer, and whom events are told to: asked once, frozen."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, TypeVar, cast

import click
import pluggy
from pydantic import BaseModel

from pointsman import hookspecs
from pointsman.config.nearest import nearest
from pointsman.config.offered import (
    COMMANDS,
    OFFERING,
    SECTIONS,
    Offered,
    OfferedSection,
    checked_command,
    checked_offer,
    checked_section,
)
from pointsman.model.errors import PluginError

ENTRY_POINTS = "pointsman.plugins"

D = TypeVar("D", bound=BaseModel)
Report = Callable[[str, str, Exception], None]
Event = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One loaded plugin, for ``pointsman plugins``.

    Attributes:
        name: name of the entry point, of the module, or as it was registered.
        distribution: name of what was installed, "" if it was not installed as one.
        version: of the distribution, likewise.
        module: where its code is.
        offers: offering hook -> names it offers there.
        events: event hooks it listens to.
        commands: names of the commands it adds.
    """

    name: str
    distribution: str
    version: str
    module: str
    offers: Mapping[str, tuple[str, ...]]
    events: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(slots=True)
class _Answers:
    """What one plugin answered to the offering hooks."""

    offers: dict[str, dict[str, Offered]] = field(default_factory=dict)
    sections: dict[str, OfferedSection] = field(default_factory=dict)
    commands: tuple[click.Command, ...] = ()

    def names(self) -> dict[str, tuple[str, ...]]:
        """Offering hook -> the names offered there."""
        offered = {hook: tuple(found) for hook, found in self.offers.items()}
        return {**offered, SECTIONS: tuple(self.sections)} if self.sections else offered


class Registry:
    """All plugins of one application. Nothing here is shared with another registry.

    Attributes:
        broken: entry points that could not be loaded; the rest is there nevertheless.
    """

    def __init__(self, report: Report) -> None:
        """Begin without plugins.

        Args:
            report: is told of an event hook that raised: plugin, hook and exception.
        """
        self._report = report
        self._pluggy = pluggy.PluginManager(hookspecs.NAMESPACE)
        self._pluggy.add_hookspecs(hookspecs)
        self._families: dict[str, dict[str, Offered]] = {hook: {} for hook in OFFERING}
        self._sections: dict[str, OfferedSection] = {}
        self._commands: list[click.Command] = []
        self._plugins: list[Loaded] = []
        self._document: type[BaseModel] | None = None
        self.broken: list[PluginError] = []

    # ---- loading ----

    def load_entry_points(self, group: str = ENTRY_POINTS) -> None:
        """Load everything that is installed under this group; what fails goes to ``broken``."""
        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
            try:
                self._load_entry_point(entry)
            except PluginError as error:
                self.broken.append(error)

    def load_module(self, dotted_path: str) -> None:
        """Import a module and register it; one that is registered already is left alone.

        Raises:
            PluginError: it cannot be imported, or is no good as a plugin.
        """
        try:
            module = importlib.import_module(dotted_path)
        except Exception as error:  # whatever a foreign module raises while it is imported
            raise PluginError(dotted_path, "a module", _in_words(error)) from error
        if not any(self._pluggy.parse_hookimpl_opts(module, name) for name in dir(module)):
            told = "nothing in it is marked with pointsman.hookspecs.hookimpl"
            raise PluginError(dotted_path, "a module", told)
        self._add(module, dotted_path, "", "")

    def register(self, plugin: object, name: str | None = None) -> None:
        """Register an object whose functions are marked with ``hookspecs.hookimpl``.

        Raises:
            PluginError: it is no good as a plugin, or offers a name that is taken.
        """
        own_name = getattr(plugin, "__name__", None) or type(plugin).__name__
        self._add(plugin, name or str(own_name), "", "")

    def check_pending(self) -> None:
        """See that every function marked as a hook is one.

        Raises:
            PluginError: names the first plugin whose hook is not known, and the nearest known one.
        """
        for name, plugin in self._pluggy.list_name_plugin():
            for caller in self._pluggy.get_hookcallers(plugin) or ():
                optional = all(impl.optionalhook for impl in caller.get_hookimpls())
                if not caller.has_spec() and not optional:
                    hint = nearest(caller.name, self._known_hooks())
                    raise PluginError(
                        name, self._origin_of(name), f"there is no hook {caller.name!r}; {hint}"
                    )

    # ---- what they offer ----

    @property
    def schedulers(self) -> Mapping[str, Offered]:
        """Schedulers by the name used under ``scheduling``."""
        return MappingProxyType(self._families["schedulers"])

    @property
    def persistences(self) -> Mapping[str, Offered]:
        """Kinds of persistence by the name used under ``persistence``."""
        return MappingProxyType(self._families["persistences"])

    @property
    def tables(self) -> Mapping[str, Offered]:
        """Tables for pins by the name used under ``table`` of a persistence."""
        return MappingProxyType(self._families["tables"])

    @property
    def health_checks(self) -> Mapping[str, Offered]:
        """Health checks by the name used under ``health``."""
        return MappingProxyType(self._families["health_checks"])

    @property
    def sections(self) -> Mapping[str, OfferedSection]:
        """Top-level sections by their key, in the order in which they are made."""
        return MappingProxyType(self._sections)

    def document(self, make: Callable[[], type[D]]) -> type[D]:
        """The model of a whole configuration: made once for the sections of now, as it is big."""
        self._document = self._document or make()
        return cast("type[D]", self._document)

    @property
    def tls_modes(self) -> Mapping[str, Offered]:
        """TLS modes by the name used under ``tls``."""
        return MappingProxyType(self._families["tls_modes"])

    @property
    def rulebooks(self) -> Mapping[str, Offered]:
        """Kinds of rules by the name used in ``rules``."""
        return MappingProxyType(self._families["rulebooks"])

    @property
    def commands(self) -> tuple[click.Command, ...]:
        """Commands that plugins add to ``pointsman``."""
        return tuple(self._commands)

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """What is loaded, in the order in which it was."""
        return tuple(self._plugins)

    def events(self, hook_name: str) -> tuple[Event, ...]:
        """Whom to tell of an event, as of now: call each with the hook's arguments in their order.

        What these callables raise goes to ``report`` and never to the caller.

        Raises:
            ValueError: there is no event hook of that name.
        """
        caller = getattr(self._pluggy.hook, hook_name, None)
        offering = hook_name in OFFERING or hook_name in (SECTIONS, COMMANDS)
        if offering or caller is None or not caller.spec:
            raise ValueError(f"there is no event hook {hook_name!r}")
        return tuple(
            self._guarded(hook_name, implementation, caller.spec.argnames)
            for implementation in reversed(caller.get_hookimpls())
        )

    # ---- how ----

    def _known_hooks(self) -> list[str]:
        return [name for name, caller in vars(self._pluggy.hook).items() if caller.has_spec()]

    def _load_entry_point(self, entry: EntryPoint) -> None:
        distribution = entry.dist.name if entry.dist else ""
        version = entry.dist.version if entry.dist else ""
        try:
            plugin = entry.load()
        except Exception as error:  # whatever a foreign module raises while it is imported
            origin = f"{distribution} {version}".strip()
            raise PluginError(entry.name, origin, _in_words(error)) from error
        self._add(plugin, entry.name, distribution, version)

    def _add(self, plugin: object, name: str, distribution: str, version: str) -> None:
        if self._pluggy.is_registered(plugin):
            return
        module = _module_of(plugin)
        origin = f"{distribution} {version}".strip() or module
        try:
            self._register(plugin, name)
            try:
                answers = self._ask(plugin, name, origin)
            except Exception:
                self._pluggy.unregister(plugin)
                raise
        except Exception as error:  # a plugin's own code runs in its offering hooks
            raise PluginError(name, origin, _in_words(error)) from error
        for hook, offers in answers.offers.items():
            self._families[hook].update(offers)
        self._sections, self._document = {**self._sections, **answers.sections}, None
        self._commands.extend(answers.commands)
        self._plugins.append(
            Loaded(
                name,
                distribution,
                version,
                module,
                MappingProxyType(answers.names()),
                tuple(self._events_of(plugin)),
                tuple(str(command.name) for command in answers.commands),
            )
        )

    def _register(self, plugin: object, name: str) -> None:
        if isinstance(plugin, type):
            raise ValueError("it is a class; offer an instance of it, or a module")
        if self._pluggy.has_plugin(name):
            raise ValueError(f"a plugin of that name is there already, of {self._origin_of(name)}")
        self._pluggy.register(plugin, name)
        for caller in self._pluggy.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.hookwrapper or implementation.wrapper:
                    self._pluggy.unregister(plugin)
                    raise ValueError(f"{caller.name}: no hook here can be wrapped")

    def _ask(self, plugin: object, name: str, origin: str) -> _Answers:
        answers = _Answers()
        for hook, ask in self._hooks_of(plugin):
            if hook == COMMANDS:
                answers.commands = tuple(checked_command(command) for command in ask() or ())
            elif hook == SECTIONS:
                for key, section in (ask() or {}).items():
                    self._check_free(key)
                    answers.sections[key] = checked_section(key, section, name, origin)
            elif hook in OFFERING:
                answers.offers[hook] = {
                    offered_name: self._checked_offer(hook, offered_name, offer, name, origin)
                    for offered_name, offer in (ask() or {}).items()
                }
        return answers

    def _checked_offer(
        self, hook: str, offered_name: Any, offer: Any, plugin: str, origin: str
    ) -> Offered:
        offered = checked_offer(hook, offered_name, offer, plugin, origin)
        if (there := self._families[hook].get(offered.name)) is not None:
            raise ValueError(
                f"{hook}: {offered.name!r} is offered by plugin {there.plugin!r} "
                f"of {there.distribution} already"
            )
        return offered

    def _check_free(self, section: Any) -> None:
        if (there := self._sections.get(section)) is not None:
            raise ValueError(
                f"sections: {section!r} is offered by plugin {there.plugin!r} "
                f"of {there.distribution} already"
            )

    def _hooks_of(self, plugin: object) -> Iterator[tuple[str, Callable[..., Any]]]:
        for caller in self._pluggy.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    yield caller.name, implementation.function

    def _events_of(self, plugin: object) -> Iterator[str]:
        for hook, _ in self._hooks_of(plugin):
            if hook not in OFFERING and hook not in (SECTIONS, COMMANDS):
                yield hook

    def _origin_of(self, name: str) -> str:
        for plugin in self._plugins:
            if plugin.name == name:
                return f"{plugin.distribution} {plugin.version}".strip() or plugin.module
        return "an unknown place"

    def _guarded(self, hook: str, implementation: pluggy.HookImpl, order: tuple[str, ...]) -> Event:
        """Make a call by position of a hook that may take fewer arguments (as pluggy allows)."""
        function, plugin, report = implementation.function, implementation.plugin_name, self._report
        wanted = implementation.argnames
        places = tuple(order.index(argument) for argument in wanted)

        def told_all(*arguments: Any) -> None:
            try:
                function(*arguments)
            except Exception as error:  # a plugin may break itself, but nothing else
                report(plugin, hook, error)

        def told_some(*arguments: Any) -> None:
            try:
                function(*[arguments[place] for place in places])
            except Exception as error:
                report(plugin, hook, error)

        return told_all if tuple(wanted) == tuple(order) else told_some


def _module_of(plugin: object) -> str:
    name = getattr(plugin, "__name__", None)
    return str(name) if name else f"{type(plugin).__module__}.{type(plugin).__qualname__}"


def _in_words(error: Exception) -> str:
    if isinstance(error, ValueError | pluggy.PluginValidationError):
        return str(error)
    return f"{type(error).__name__}: {error}"
