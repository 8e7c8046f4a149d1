"""Outliers of a pool: which servers answer so badly that they are left alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictFloat, StrictInt, model_validator

from pointsman.config.problems import fault
from pointsman.config.schema_types import AtLeastOne, Count, Percent, Seconds, default_duration
from pointsman.contracts import Settings
from pointsman.model.pool_settings import OutlierSettings

_OUTLIERS = OutlierSettings()


class OutliersSection(Settings):
    """Servers that answer much worse than the others are left alone for a while."""

    errors: Count = Field(
        default=_OUTLIERS.errors, description="so many errors in a row; 0 for none"
    )
    latency: Annotated[StrictInt | StrictFloat, Field(ge=0, le=1000)] = Field(
        default=0,
        description="so many times the median of the others to the first byte; 0 does not look",
        examples=[4],
    )
    latency_least: Seconds = Field(
        default=default_duration(_OUTLIERS.latency_least),
        description="and at least so much more than the median",
    )
    answers: AtLeastOne = Field(
        default=_OUTLIERS.answers, description="fewer in an interval say nothing about latency"
    )
    interval: Seconds = Field(
        default=default_duration(_OUTLIERS.interval), description="between two looks at latency"
    )
    eject: Seconds = Field(
        default=default_duration(_OUTLIERS.eject),
        description="how long the first time; then longer",
    )
    eject_most: Seconds = Field(
        default=default_duration(_OUTLIERS.eject_most),
        description="it is never left alone for longer",
    )
    at_most: Percent = Field(
        default="50%",  # type: ignore[assignment]
        description="of the servers may be left alone at the same time",
        examples=["30%"],
    )
    action: Literal["eject", "check"] = Field(
        default="eject", description="leave it alone, or have it checked at once"
    )

    @model_validator(mode="after")
    def _something_to_look_at(self) -> OutliersSection:
        if not self.errors and not self.latency:
            raise fault("with neither `errors` nor `latency` there is nothing to look at")
        if 0 < self.latency <= 1:
            raise fault("must be more than 1, or 0 for not looking", at=["latency"])
        if self.interval <= 0:
            raise fault("must be longer than 0", at=["interval"])
        if self.eject_most < self.eject:
            raise fault("is shorter than `eject`", at=["eject_most"])
        return self

    def settings(self) -> OutlierSettings:
        """The same for the data plane."""
        return OutlierSettings(
            errors=self.errors,
            latency=float(self.latency),
            latency_least=self.latency_least,
            answers=self.answers,
            interval=self.interval,
            eject=self.eject,
            eject_most=self.eject_most,
            at_most=self.at_most,
            check=self.action == "check",
        )
