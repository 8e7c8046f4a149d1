"""Making the persistence of a pool: each kind with its table, put together in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path as Folder
from typing import Any

from pydantic import BaseModel, ValidationError

from pointsman.config.choice import TABLE, Chosen
from pointsman.config.nearest import nearest
from pointsman.config.problems import first_in_words, problem_at
from pointsman.config.registry import Registry
from pointsman.config.schema_persistence import FALLBACK, PersistenceUse
from pointsman.config.tree import Key, Path, Positions
from pointsman.contracts import Misfit, Surroundings, Table, Values
from pointsman.core.pinning import Kind, Pinning
from pointsman.model.errors import Problem

# What a maker makes; None once its failure is noted.
Made = Callable[[Callable[[], Any], Chosen, Path], Any]

_ABOUT_REQUESTS = ("check", "ignore")


class TableMisfit(Misfit):
    """The table of a persistence is at fault, not the persistence itself."""


class PinsMaker:
    """Makes persistences with their tables.

    Args:
        positions: where everything stands.
        registry: what plugins offer.
        default_table: the table of a persistence that names none.
        made: calls a maker and notes what goes wrong.
        problems: receives what is wrong.
        tables: receives every table that was made.
    """

    def __init__(
        self,
        positions: Positions,
        registry: Registry,
        default_table: str,
        made: Made,
        problems: list[Problem],
        tables: list[Table | Values],
    ) -> None:
        self._positions = positions
        self._registry = registry
        self._default_table = default_table
        self._made = made
        self._problems = problems
        self._tables = tables

    def pinning(
        self, use: PersistenceUse, surroundings: Surroundings, path: Path
    ) -> Pinning | None:
        """The persistence of a pool.

        Args:
            use: what it wants.
            surroundings: of the pool.
            path: where the persistence stands.

        Returns:
            None if the pool has none of its own, or once a failure is noted.
        """
        common = use.common
        if surroundings.mode == "tcp":
            for key in _ABOUT_REQUESTS:
                if key in common.model_fields_set:
                    message = f"`{key}` is about requests, and in tcp mode there are none"
                    self._problem((*path, key), message, "remove this key")
        kinds: list[Kind] = []
        for chosen in use.kinds:
            # The pins of one kind must not be taken for those of another in the same place.
            table_name = surroundings.pool + (f" {FALLBACK} {chosen.name}" if kinds else "")
            kinds.append(Kind(chosen.name, self._kind(chosen, surroundings, path, table_name)))
            path = (*path, FALLBACK)
        if any(kind.persistence is None for kind in kinds):
            return None
        first_request = common.check == "first_request"
        return Pinning(kinds, common.ignored(), first_request, common.over_limit)

    def _kind(self, chosen: Chosen, surroundings: Surroundings, path: Path, table_name: str) -> Any:
        asked: list[str] = []

        def make_table(kind: str, options: Mapping[str, Any]) -> Table:
            asked.append(kind)
            kind = kind or self._default_table
            if chosen.table is not None:
                kind, options = chosen.table.kind, {**options, **chosen.table.options}
            try:
                table = self._table(kind, options, around_table)
            except ValueError as error:
                at, hint = getattr(error, "at", ()), getattr(error, "hint", "")
                raise TableMisfit(str(error), hint, at) from None
            self._tables.append(table)
            return table

        def folder_of_table(at: Sequence[Key]) -> Folder:
            return self._positions.folder((*path, *at[1:]))  # the first is "persistence"

        around_table = replace(surroundings, pool=table_name, folder=folder_of_table)
        folder = partial(self._positions.folder, path)
        around = replace(surroundings, make_table=make_table, folder=folder)
        made = self._made(lambda: chosen.offered.make(chosen.options, around), chosen, path)
        if made is not None and chosen.table is not None and not asked:
            self._problem((*path, TABLE), f"{chosen.name} keeps no table", "remove this key")
        return made

    def _table(self, kind: str, options: Mapping[str, Any], surroundings: Surroundings) -> Table:
        offers = self._registry.tables
        offer = offers.get(kind)
        if offer is None:
            raise ValueError(f"no plugin offers the table {kind!r}; {nearest(kind, offers)}")
        try:
            settings = offer.settings.model_validate(dict(options))
        except ValidationError as error:
            raise ValueError(f"table {kind}: {first_in_words(error)}") from None
        table: Table = offer.make(settings, surroundings)
        return table

    def _problem(self, path: Path, message: str, hint: str) -> None:
        known = self._positions.known(path)
        self._problems.append(problem_at(self._positions, known, message, hint))


# Options that say how long pins live, and where; nothing of what they are found by.
_NOT_KEYS = frozenset({"timeout", "max_age", TABLE})


def inherited(
    before: PersistenceUse, former: Pinning, after: PersistenceUse, pinning: Pinning
) -> Iterator[tuple[Table, Table]]:
    """From which table into which pins can be taken over, when a persistence was made anew.

    That is where both kinds find them by the same keys: but for times and places they are the same.

    Args:
        before: what was wanted.
        former: what was made of it.
        after: what is wanted.
        pinning: what is made of it.
    """
    kinds = zip(before.kinds, former.kinds, after.kinds, pinning.kinds, strict=False)
    for old_choice, old, choice, new in kinds:
        if old_choice.name != choice.name or not _same_keys(old_choice.options, choice.options):
            return
        source, target = old.persistence.table, new.persistence.table
        if source is not None and target is not None and source is not target:
            yield source, target


def _same_keys(one: BaseModel, other: BaseModel) -> bool:
    if type(one) is not type(other):
        return False
    names = type(one).model_fields.keys() - _NOT_KEYS
    return all(getattr(one, name) == getattr(other, name) for name in names)
