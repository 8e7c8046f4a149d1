"""What a loaded plugin offers, checked once and kept with the name of whom to blame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pointsman.contracts import Section, SectionPlace

_NAME = "a section is named in lower-case letters, digits and underscores"


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
