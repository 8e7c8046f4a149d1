"""Requests that are sent once more, to another server: the key ``retries``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from pointsman.config.schema_types import Count, Percent
from pointsman.contracts import Settings
from pointsman.model.service import Retries

_RETRIES = Retries()


class RetriesSection(Settings):
    """Requests that are sent once more, to another server, where that is safe."""

    on: tuple[Annotated[StrictInt, Field(ge=500, le=599)], ...] = Field(
        default=(),
        description="statuses of answers in whose place another server is asked",
        examples=[[502, 503, 504]],
    )
    budget: Percent = Field(
        default="20%",  # type: ignore[assignment]
        description="of the requests may be sent again after they were sent once",
        examples=["10%"],
    )
    least: Count = Field(
        default=_RETRIES.least, description="so many in ten seconds may in any case"
    )

    def settings(self) -> Retries:
        """The same for the data plane."""
        return Retries(frozenset(self.on), self.budget, self.least)
