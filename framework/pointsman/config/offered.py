"""What a loaded plugin offers, checked once and kept with the name of whom to blame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import click
from pydantic import BaseModel

from pointsman.contracts import Offer, Section, SectionPlace, Surroundings
from pointsman.model.service import HealthTiming

# Offering hook -> keys that the framework itself reads beside a plugin's own options.
OFFERING: Mapping[str, frozenset[str]] = {
    "schedulers": frozenset({"kind"}),
    "persistences": frozenset({"kind", "fallback", "check", "ignore", "over_limit", "share_with"}),
    "tables": frozenset({"kind"}),
    "health_checks": frozenset(
        {"kind", "port", "address", *(option.name for option in fields(HealthTiming))}
    ),
    "tls_modes": frozenset({"mode"}),
    "rulebooks": frozenset({"kind"}),
}
SECTIONS = "sections"
COMMANDS = "cli_commands"

_NAME = "a section is named in lower-case letters, digits and underscores"


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing that a loaded plugin offers under a name.

    Attributes:
        name: as used in the configuration.
        settings: model of its options.
        make: makes one out of its options and where it will be used; raises ValueError.
        doc: one line for people.
        plugin: name of the plugin.
        distribution: name and version of what was installed, or where else it came from.
        ports: for a health check: the ports for which it is the default.
        values: for a table: makes one that keeps values instead of pins; None if it cannot.
    """

    name: str
    settings: type[BaseModel]
    make: Callable[[Any, Surroundings], Any]
    doc: str
    plugin: str
    distribution: str
    ports: tuple[int, ...] = ()
    values: Callable[[Any, Surroundings], Any] | None = None


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """A top-level section of the configuration that a plugin offers.

    Attributes:
        name: its key in the file.
        settings: type of its values.
        make: makes of them what other plugins are handed.
        doc: one line for people.
        plugin: name of the plugin.
        distribution: name and version of what was installed, or where else it came from.
    """

    name: str
    settings: Any
    make: Callable[[Any, SectionPlace], Any]
    doc: str
    plugin: str
    distribution: str


def checked_section(name: Any, section: Any, plugin: str, distribution: str) -> OfferedSection:
    """A section as a plugin offers it.

    Raises:
        ValueError: it is no such thing.
    """
    where = f"sections: {name!r}"
    if not isinstance(name, str) or not name.isidentifier() or not name.islower():
        raise ValueError(f"{where} is not a name: {_NAME}")
    if not (isinstance(section, tuple) and len(section) in (2, 3)):
        raise ValueError(f"{where} is not a Section(settings, make, doc)")
    section = Section(*section)
    if not callable(section.make):
        raise ValueError(f"{where}: its maker cannot be called")
    return OfferedSection(name, section.settings, section.make, section.doc, plugin, distribution)


def checked_offer(hook: str, name: Any, offer: Any, plugin: str, distribution: str) -> Offered:
    """What a plugin offers under a name of an offering hook.

    Raises:
        ValueError: it is no such thing.
    """
    where = f"{hook}: {name!r}"
    if not isinstance(name, str) or not name.isprintable() or not name:
        raise ValueError(f"{where} is not a name")
    if not (isinstance(offer, tuple) and len(offer) in (2, 3, 4, 5)):
        raise ValueError(f"{where} is not an Offer(settings, make, doc)")
    offer = Offer(*offer)
    if not (isinstance(offer.settings, type) and issubclass(offer.settings, BaseModel)):
        raise ValueError(f"{where}: its settings are not a model derived from Settings")
    if not callable(offer.make):
        raise ValueError(f"{where}: its maker cannot be called")
    taken = OFFERING[hook].intersection(offer.settings.model_fields)
    if taken:
        raise ValueError(f"{where}: option {min(taken)!r} belongs to the framework")
    doc = offer.doc or (offer.settings.__doc__ or "").strip().partition("\n")[0]
    if offer.values is not None and not callable(offer.values):
        raise ValueError(f"{where}: its maker of values cannot be called")
    return Offered(name, offer.settings, offer.make, doc, plugin, distribution, *offer[3:])


def checked_command(command: Any) -> click.Command:
    """A command as a plugin offers it.

    Raises:
        ValueError: it is no such thing.
    """
    if not isinstance(command, click.Command):
        raise ValueError(f"{COMMANDS}: {command!r} is not a click command")
    return command
