"""The verb of the control socket that explains what would become of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from pointsman.app.asked import AskedError
from pointsman.app.control.arguments import Arguments, Verb, read
from pointsman.app.explaining_live import Explained
from pointsman.app.operating import Operating


class ExplainArguments(Arguments):
    """Of ``explain``: the request, where it comes from, and to which service."""

    method: str
    url: str
    headers: Annotated[list[str], Field(max_length=200, default_factory=list)]
    source: str = "127.0.0.1"
    service: str | None = None


def explain_verb(operating: Operating) -> Mapping[str, Verb]:
    """The verb by its name."""

    def explain(given: Mapping[str, Any]) -> Deferred[Any]:
        asked = read(ExplainArguments, given)
        doing: Deferred[Any] = operating.explain(
            asked.method, asked.url, asked.headers, asked.source, asked.service
        )
        return doing.addCallbacks(right, wrong)

    def right(told: Explained) -> Mapping[str, Any]:
        return {"steps": told.steps, "choice": told.choice, "wrong": ""}

    def wrong(failure: Failure) -> Mapping[str, Any]:
        failure.trap(AskedError)
        return {"steps": [], "choice": None, "wrong": str(failure.value)}

    return {"explain": explain}
