"""The verbs of the control socket that are about health checks, and about what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from twisted.internet.defer import Deferred

from pointsman.app.control.arguments import Arguments, Verb, read
from pointsman.app.events import KEPT
from pointsman.app.operating import Operating
from pointsman.app.operating_health import Tried
from pointsman.app.report_words import report_told


class ShowArguments(Arguments):
    """Of ``health_show``: which servers, none for all."""

    servers: Annotated[list[str], Field(max_length=1000, default_factory=list)]


class TryArguments(Arguments):
    """Of ``health_try``: which server."""

    server: str


class EventArguments(Arguments):
    """Of ``events``: those after this number, and how many at most."""

    after: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=1, le=KEPT)] = KEPT


def health_verbs(operating: Operating) -> Mapping[str, Verb]:
    """The verbs by their names."""
    health = operating.health

    def show(given: Mapping[str, Any]) -> Deferred[Any]:
        return health.show(read(ShowArguments, given).servers)

    def try_(given: Mapping[str, Any]) -> Deferred[Any]:
        return health.try_now(read(TryArguments, given).server).addCallback(told)

    def told(tried: Tried) -> Mapping[str, Any]:
        report = None if tried.report is None else report_told(tried.report)
        return {"pool": tried.pool, "server": tried.server, "report": report}

    def events(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = read(EventArguments, given)
        kept = operating.running.events
        return {"events": kept.after(asked.after, asked.most), "last": len(kept)}

    return {"health_show": show, "health_try": try_, "events": events}
