"""Top-level sections that plugins offer: how they are read with the rest, and what they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field, create_model

from pointsman.config.build_values import ValuesMaker
from pointsman.config.problems import problem_at
from pointsman.config.registry import Registry
from pointsman.config.schema import Document
from pointsman.config.tree import Positions
from pointsman.contracts import Values
from pointsman.model.errors import PluginError, Problem


def document_with(registry: Registry) -> type[Document]:
    """The model of the whole file: our own sections, and those that plugins offer.

    Raises:
        PluginError: a plugin offers a section that is ours.
    """
    return registry.document(lambda: _document(registry))


def _document(registry: Registry) -> type[Document]:
    fields: dict[str, Any] = {}
    for name, section in registry.sections.items():
        if name in Document.model_fields or hasattr(Document, name):
            told = f"the section {name!r} belongs to the framework"
            raise PluginError(section.plugin, section.distribution, told)
        fields[name] = (section.settings, Field(default={}, description=section.doc or None))
    if not fields:
        return Document
    return create_model("Document", __base__=Document, __doc__=Document.__doc__, **fields)


def make_sections(
    settings: Document,
    positions: Positions,
    registry: Registry,
    problems: list[Problem],
    warnings: list[Problem],
    values: ValuesMaker,
    before: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """What each section becomes, by its name.

    Args:
        settings: the document, read with ``document_with``.
        positions: where everything stands.
        registry: whose sections are made.
        problems: receives what is wrong; nothing that was made may then be used.
        warnings: receives what is hardly meant.
        values: makes those that sections want.
        before: what they are in the configuration at work.
    """
    made: dict[str, Any] = {}
    for name, section in registry.sections.items():
        if name not in type(settings).model_fields:
            continue  # the document was read before this plugin was loaded
        there = before.get(name) if before is not None else None
        place = _Place(name, positions, MappingProxyType(made), there, values, problems, warnings)
        try:
            made[name] = section.make(getattr(settings, name), place)
        except Exception as error:  # a fault of the plugin, which must be named
            told = f"plugin {section.plugin!r} of {section.distribution} failed to make {name}"
            place.error(f"{told}: {type(error).__name__}: {error}")
    return MappingProxyType(made)


class _Place:
    """Where one section stands (contracts.SectionPlace)."""

    def __init__(
        self,
        name: str,
        positions: Positions,
        made: Mapping[str, Any],
        before: Any,
        values: ValuesMaker,
        problems: list[Problem],
        warnings: list[Problem],
    ) -> None:
        self._name = name
        self._positions = positions
        self._problems = problems
        self._warnings = warnings
        self.made = made
        self.before = before
        self._values = values

    def make_values(
        self, name: str, kind: str, options: Mapping[str, Any], at: Sequence[str | int]
    ) -> Values | None:
        return self._values.make(self._name, name, kind, options, (self._name, *at))

    def folder(self, at: Sequence[str | int] = ()) -> Path:
        return self._positions.folder((self._name, *at))

    def error(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        self._problems.append(self._problem(message, hint, at))

    def warn(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        self._warnings.append(self._problem(message, hint, at))

    def _problem(self, message: str, hint: str, at: Sequence[str | int]) -> Problem:
        known = self._positions.known((self._name, *at))
        return problem_at(self._positions, known, message, hint)
