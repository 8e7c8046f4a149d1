"""The verbs of the control socket that are about pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from twisted.internet.defer import Deferred

from pointsman.app.control.arguments import Arguments, Verb, read
from pointsman.app.control.writing import Parts
from pointsman.app.operating_pins import OperatingPins, PinsTaken, PinsTold
from pointsman.app.pins import Wanted
from pointsman.model.errors import OperatingError

# Pins that are read in by one request, so that no turn of the reactor is long.
MOST_AT_ONCE = 500


class WhichPins(Arguments):
    """Which pins are meant, as of ``app.pins.Wanted``."""

    pool: str = ""
    server: str = ""
    client: str = ""
    unused: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @property
    def wanted(self) -> Wanted:
        """The same for the tables."""
        return Wanted(self.pool, self.server, self.client, self.unused)


class PageArguments(WhichPins):
    """Of ``pins_list``: a page of them."""

    limit: int = 100
    after: str = ""
    reveal: bool = False


class FindArguments(WhichPins):
    """Of ``pins_find``: those of one client."""

    client: Annotated[str, Field(min_length=1)]
    reveal: bool = False


class DropArguments(WhichPins):
    """Of ``pins_drop``: ``all`` says that nothing more is meant to be said."""

    all: bool = False


class MoveArguments(WhichPins):
    """Of ``pins_move``: and whom they belong to from now on."""

    to: str


class NoneOfThem(Arguments):
    """Of ``pins_expire``: there are none."""


class ImportArguments(Arguments):
    """Of ``pins_import``: some that were exported."""

    records: Annotated[list[dict[str, Any]], Field(max_length=MOST_AT_ONCE)]


def pins_verbs(pins: OperatingPins) -> Mapping[str, Verb]:
    """The verbs by their names."""

    def page(given: Mapping[str, Any]) -> Deferred[PinsTold]:
        asked = read(PageArguments, given)
        return pins.page(asked.wanted, asked.limit, asked.after, reveal=asked.reveal)

    def find(given: Mapping[str, Any]) -> Deferred[PinsTold]:
        asked = read(FindArguments, given)
        return pins.find(asked.wanted, reveal=asked.reveal)

    def count(given: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
        return pins.counts(read(WhichPins, given).wanted)

    def drop(given: Mapping[str, Any]) -> Deferred[int]:
        asked = read(DropArguments, given)
        if not (asked.client or asked.server or asked.unused or asked.all):
            raise OperatingError("say whose pins: client, server, unused or all")
        return pins.drop(asked.wanted)

    def move(given: Mapping[str, Any]) -> Deferred[int]:
        asked = read(MoveArguments, given)
        if not (asked.client or asked.server):
            raise OperatingError("say whose pins: client or server")
        return pins.move(asked.wanted, asked.to)

    def expire(given: Mapping[str, Any]) -> Deferred[int]:
        read(NoneOfThem, given)
        return pins.expire()

    def export(given: Mapping[str, Any]) -> Parts:
        wanted = read(WhichPins, given).wanted
        return Parts((part for part in pins.export(wanted) if part), lambda: None)

    def import_(given: Mapping[str, Any]) -> PinsTaken:
        return pins.take_in(read(ImportArguments, given).records)

    return {
        "pins_list": page,
        "pins_find": find,
        "pins_count": count,
        "pins_drop": drop,
        "pins_move": move,
        "pins_expire": expire,
        "pins_export": export,
        "pins_import": import_,
    }
