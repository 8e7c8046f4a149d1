"""From the `rules` of a virtual service to its books."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

from twisted.logger import Logger, LogLevel

from pointsman.contracts import Misfit, Surroundings
from pointsman.contracts.rules import Rulebook
from pointsman_rules.book import Book
from pointsman_rules.clocks import Clocks
from pointsman_rules.files import RuleFile, RuleSettings, read_rule, strictest
from pointsman_rules.generation import LoadError, Place
from pointsman_rules.lab.playing import tried
from pointsman_rules.limits import Limits
from pointsman_rules.pool_functions import PoolFunctions
from pointsman_rules.rule_metrics import RuleMetrics
from pointsman_rules.rule_tables import AnyTable, RuleTable
from pointsman_rules.same_book import SameBook
from pointsman_rules.site import LuaSite

_log = Logger()
_LEVELS = {"debug": LogLevel.debug, "info": LogLevel.info, "warn": LogLevel.warn}


def make_books(
    entries: Sequence[RuleSettings], surroundings: Surroundings
) -> Sequence[Rulebook | None]:
    """The books of a service: one for all its files, and one for those in the shadow.

    Each stands in the place of its first file, and None in those of the others.
    """
    site: LuaSite = surroundings.sections["lua"]
    limits = strictest(site.settings.limits, [one.limits for one in entries])
    files: list[RuleFile] = []
    for at, one in enumerate(entries):
        try:
            files.append(read_rule(one, surroundings.folder((at, "file"))))
        except ValueError as error:
            raise Misfit(str(error), "a path beside the configuration, or library/NAME.lua",
                         (at, "file")) from None  # fmt: skip
    books: list[Rulebook | None] = [None] * len(files)
    for shadow in (False, True):
        places = [at for at, file in enumerate(files) if file.shadow is shadow]
        if places:
            made = [files[at] for at in places]
            place = place_of(surroundings.service, site, shadow=shadow, mode=surroundings.mode)
            books[places[0]] = _book(made, places, limits, site, place)
    return books


def _book(
    files: Sequence[RuleFile], places: Sequence[int], limits: Limits, site: LuaSite, place: Place
) -> Rulebook:
    engine = site.settings.engine
    known = site.at_work_in(place.service, files[0].shadow)
    if isinstance(known, Book) and known.would_be(files, engine, limits, place):
        return SameBook(known, place, site)
    try:
        book = Book(files, engine, limits, place, site)
    except LoadError as error:
        at = places[error.file - 1]
        if error.option:
            raise Misfit(str(error), "", (at, "options", error.option)) from None
        raise Misfit(str(error), "", (at, "file")) from None
    book.trial = trial = partial(tried, engine=engine)
    if isinstance(known, Book):  # what has changed is tried, as on a hot reload
        sources = {file.source for file in known.generation.files}
        for at, file in zip(places, files, strict=True):
            if file.source not in sources:
                try:
                    trial(file)
                except ValueError as error:
                    raise Misfit(str(error), "mend the rule or its test", (at, "file")) from None
    return book


def place_of(service: str, site: LuaSite, *, shadow: bool = False, mode: str = "http") -> Place:
    """Where the rules of a service work. Rules in the shadow have tables of their own."""
    tables: Mapping[str, AnyTable] = site.tables
    if shadow:
        tables = {name: RuleTable(one.size, one.ttl) for name, one in tables.items()}

    def say(level: str, text: str, where: str, request_id: str) -> None:
        _log.emit(
            _LEVELS.get(level, LogLevel.error),
            "{service}: {text}{where}{request}",
            service=service,
            text=text,
            where=f" ({where})" if where else "",
            request=f" [{request_id}]" if request_id else "",
        )

    return Place(
        service,
        Clocks(time.monotonic, time.time),
        PoolFunctions(),
        tables,
        site.lists,
        RuleMetrics() if shadow else site.metrics_of(service),
        say,
        mode,
    )
