"""Values in tables that plugins offer, for the sections of other plugins: made, or kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path as Folder
from typing import Any

from pydantic import BaseModel, ValidationError

from pointsman.config.nearest import nearest
from pointsman.config.problems import problem_at, problems_of
from pointsman.config.registry import Registry
from pointsman.config.tree import Path, Positions
from pointsman.contracts import Surroundings, Values
from pointsman.model.errors import Problem

# What a table of pins is told by its persistence, and values have no use for.
_OF_PINS = {"timeout": 600.0}


@dataclass(frozen=True, slots=True)
class KeptValues:
    """Values, and what they were made of.

    Attributes:
        kind: name of the table.
        settings: of the table.
        folder: where relative paths begin.
        state_dir: folder for what is kept.
        values: what was made.
    """

    kind: str
    settings: BaseModel
    folder: Folder
    state_dir: Folder | None
    values: Values

    def is_like(self, other: KeptValues) -> bool:
        """Whether it was made of the same."""
        return (self.kind, self.settings, self.folder, self.state_dir) == (
            other.kind,
            other.settings,
            other.folder,
            other.state_dir,
        )


class ValuesMaker:
    """Makes values.

    Args:
        positions: where everything stands.
        registry: what plugins offer.
        state_dir: folder for what is kept over a restart.
        problems: receives what is wrong.
        before: the values of the configuration at work.

    Attributes:
        kept: all that were asked for, by section and name.
        fresh: those of them that were made anew.
    """

    def __init__(
        self,
        positions: Positions,
        registry: Registry,
        state_dir: Folder | None,
        problems: list[Problem],
        before: Mapping[tuple[str, str], KeptValues],
    ) -> None:
        self._positions = positions
        self._registry = registry
        self._state_dir = state_dir
        self._problems = problems
        self._before = before
        self.kept: dict[tuple[str, str], KeptValues] = {}
        self.fresh: list[Values] = []

    def make(
        self, section: str, name: str, kind: str, options: Mapping[str, Any], at: Path
    ) -> Values | None:
        """Values of that name; None once a problem is noted.

        Args:
            section: for whom.
            name: theirs.
            kind: of the table.
            options: of the table.
            at: where that stands.
        """
        offers = self._registry.tables
        offer = offers.get(kind)
        if offer is None:
            self._problem(at, f"no plugin offers the table {kind!r}", nearest(kind, offers))
            return None
        if offer.values is None:
            able = ", ".join(sorted(each for each, it in offers.items() if it.values is not None))
            told = f"the table {kind!r} can keep pins, but no values"
            self._problem(at, told, f"these can: {able}" if able else "")
            return None
        for key in ("timeout", "max_age"):
            if key in options:
                self._problem((*at, key), f"`{key}` is about pins", "remove this key")
                return None
        try:
            settings = offer.settings.model_validate({**_OF_PINS, **options})
        except ValidationError as error:
            found = problems_of(error, offer.settings, self._positions, at, ["kind"])
            self._problems += found
            return None
        folder = self._positions.folder(self._positions.known(at))
        around = Surroundings(
            name, folder=partial(_same, folder), state_dir=self._state_dir, sections={}
        )
        try:
            values: Values = offer.values(settings, around)
        except ValueError as error:
            where = (*at, *getattr(error, "at", ()))
            self._problem(where, f"table {kind}: {error}", getattr(error, "hint", ""))
            return None
        made = KeptValues(kind, settings, folder, self._state_dir, values)
        before = self._before.get((section, name))
        if before is not None and before.is_like(made):
            made = before
        else:
            self.fresh.append(values)
        self.kept[section, name] = made
        return made.values

    def _problem(self, path: Sequence[str | int], message: str, hint: str) -> None:
        known = self._positions.known(path)
        self._problems.append(problem_at(self._positions, known, message, hint))


def _same(folder: Folder, at: Sequence[str | int]) -> Folder:
    return folder
