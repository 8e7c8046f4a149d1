"""The rulebooks of each virtual service, made of its ``rules``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path as Folder
from typing import Any

from pointsman.config.choice import Chosen
from pointsman.config.problems import problem_at
from pointsman.config.schema_service import ServiceSection
from pointsman.config.tree import Path, Positions
from pointsman.contracts import Misfit, Surroundings
from pointsman.contracts.rules import Rulebook
from pointsman.model.errors import Problem

RULES = "rules"

# Makes something of a choice; None once its failure is noted.
Making = Callable[[Callable[[], Any], Chosen, Path], Any]


class RulebookMaker:
    """Makes rulebooks.

    Args:
        positions: where everything stands.
        made: makes, and notes what cannot be made.
        problems: receives what is wrong.
        warnings: receives what is hardly meant.
    """

    def __init__(
        self,
        positions: Positions,
        made: Making,
        problems: list[Problem],
        warnings: list[Problem],
    ) -> None:
        self._positions = positions
        self._made = made
        self._problems = problems
        self._warnings = warnings

    def books(
        self, name: str, section: ServiceSection, sections: Mapping[str, Any]
    ) -> tuple[Rulebook, ...]:
        """Those of one service, in the order of its entries.

        Args:
            name: of the service.
            section: its settings.
            sections: what plugins made of the top-level sections that they offer.
        """
        path: Path = ("virtual_services", name, RULES)
        found: dict[int, Rulebook] = {}
        for kind in dict.fromkeys(entry.name for entry in section.rules):
            places = [place for place, entry in enumerate(section.rules) if entry.name == kind]
            entries = [section.rules[place] for place in places]
            around = Surroundings(
                section.pool if isinstance(section.pool, str) else name,
                section.mode,
                service=name,
                hosts=tuple(address.host for address in section.listen if address.host),
                sections=sections,
                folder=partial(self._folder, path, places),
                places=tuple(places),
            )
            books = self._made(partial(_make, entries, places, around), entries[0], path)
            for place, book in zip(places, books or (), strict=False):
                if book is not None:
                    found[place] = book
                    where = self._positions.known((*path, place))
                    for told in book.warnings:
                        self._warnings.append(problem_at(self._positions, where, told))
        return tuple([found[place] for place in sorted(found)])

    def _folder(self, path: Path, places: Sequence[int], at: Sequence[str | int] = ()) -> Folder:
        """Where a relative path begins that an entry of one kind has under these keys."""
        return self._positions.folder(self._positions.known(_mapped(path, places, at)))


def _make(
    entries: Sequence[Chosen], places: Sequence[int], around: Surroundings
) -> Sequence[Rulebook | None]:
    settings = tuple(entry.options for entry in entries)
    try:
        books: Sequence[Rulebook | None] = entries[0].offered.make(settings, around)
    except Misfit as error:
        raise Misfit(str(error), error.hint, _mapped((), places, error.at)) from error
    if len(books) != len(entries):
        raise TypeError(f"{len(books)} rulebooks for {len(entries)} entries")
    return books


def _mapped(path: Path, places: Sequence[int], at: Sequence[str | int]) -> Path:
    """A maker counts the entries of its kind only."""
    if not at or not isinstance(at[0], int) or not 0 <= at[0] < len(places):
        return (*path, *at)
    return (*path, places[at[0]], *at[1:])
