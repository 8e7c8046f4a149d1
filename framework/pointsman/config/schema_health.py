"""The ``health`` key of a pool: which check, with which options, when, and where it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import (
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from pointsman.config.choice import (
    NONE,
    PLACEHOLDER,
    Chosen,
    checked,
    kind_and_options,
    offered,
    reading_of,
)
from pointsman.config.offered import Offered
from pointsman.config.problems import Nested, fault, nested
from pointsman.config.schema_types import (
    AtLeastOne,
    Count,
    Port,
    Seconds,
    ServerAddress,
    default_duration,
)
from pointsman.contracts import Settings
from pointsman.model.address import Address
from pointsman.model.service import HealthTiming
from pointsman.model.units import format_duration

# What the check is if none is named: that of the port, else a connection.
BY_PORT = "by_port"
DEFAULT_CHECK = "tcp"
DEFAULT_AGENT = "agent"

_TIMING = HealthTiming()


class HasAddress(Protocol):
    """A server, as far as it matters here."""

    @property
    def address(self) -> Address | None:
        """Where it is reached, None if that is no address."""


class TimingSection(Settings):
    """When a server is probed, and where: the keys that every kind of health check has."""

    interval: Seconds = Field(
        default=default_duration(_TIMING.interval),
        description="between the starts of two cycles; at least `timeout` x `retries`",
        examples=["5s"],
    )
    timeout: Seconds = Field(
        default=default_duration(_TIMING.timeout),
        description="for one attempt, connecting included",
        examples=["2s"],
    )
    retries: Count = Field(
        default=_TIMING.retries, description="further attempts in a cycle, where one met silence"
    )
    rise: AtLeastOne = Field(
        default=_TIMING.rise, description="good cycles in a row until the server is up"
    )
    fall: AtLeastOne = Field(
        default=_TIMING.fall, description="bad cycles in a row until the server is down"
    )
    interval_down: Seconds = Field(
        default=default_duration(_TIMING.interval_down),
        description="interval while the server is down; 0 for the same",
        examples=["30s"],
    )
    jitter: Seconds = Field(
        default=default_duration(_TIMING.jitter),
        description="each cycle but the first begins up to this much later, at random",
        examples=["500ms"],
    )
    port: Port | None = Field(
        default=None,
        description="this port of the server is probed instead of its own",
        examples=[8081],
    )
    address: ServerAddress | None = Field(
        default=None, description="this address is probed instead; not together with `port`"
    )

    @model_validator(mode="after")
    def _time_enough(self) -> TimingSection:
        for key in ("interval", "timeout"):
            if getattr(self, key) <= 0:
                raise fault("must be longer than 0", at=[key])
        least = self.timeout * max(self.retries, 1)
        for key in ("interval", "interval_down"):
            interval = getattr(self, key)
            if 0 < interval < least:
                written = "" if key in self.model_fields_set else " (the default)"
                raise fault(
                    f"{key} {format_duration(interval)}{written} is shorter than timeout "
                    f"{format_duration(self.timeout)} x retries {self.retries} = "
                    f"{format_duration(least)}",
                    f"make it at least {format_duration(least)}, or the timeout shorter",
                    [key],
                )
        if self.jitter and self.jitter >= (self.interval_down or self.interval):
            message = f"jitter {format_duration(self.jitter)} is as long as the interval"
            raise fault(message, "make it a part of the interval, such as a tenth", ["jitter"])
        if self.port and self.address:
            raise fault("`port` and `address` exclude each other", "keep one of them", ["port"])
        return self

    def timing(self) -> HealthTiming:
        """The same for the data plane."""
        return HealthTiming(
            self.interval,
            self.timeout,
            self.retries,
            self.rise,
            self.fall,
            self.interval_down,
            self.jitter,
        )


@dataclass(frozen=True, slots=True)
class HealthChoice:
    """A health check with its options, and when and where it is made.

    Attributes:
        chosen: the check.
        common: when and where.
        by_port: in words why it is this one, if none was named; else "".
    """

    chosen: Chosen
    common: TimingSection
    by_port: str = ""

    @property
    def in_words(self) -> str:
        """Which check it is, and why this one if nobody named it."""
        kind = f"checked by {self.chosen.name}"
        return f"{kind}, as none is named: {self.by_port}" if self.by_port else kind


def _health(raw: object, info: ValidationInfo) -> HealthChoice | None:
    return _choice(raw, info, BY_PORT)


def _agent(raw: object, info: ValidationInfo) -> HealthChoice | None:
    return _choice(raw, info, DEFAULT_AGENT)


def _choice(raw: object, info: ValidationInfo, default: str) -> HealthChoice | None:
    if raw is None or raw == NONE:
        return None
    reading = reading_of(info)
    kind, options = kind_and_options(raw, "a health check", default)
    if kind == NONE and not options:
        return None
    common = {key: options.pop(key) for key in (*options,) if key in TimingSection.model_fields}
    wrong: list[Nested | PydanticCustomError] = []
    timing = TimingSection()
    try:
        timing = TimingSection.model_validate(common)
    except ValidationError as error:
        wrong.append(Nested(error, TimingSection))
    why = ""
    if kind == BY_PORT:
        kind, why = _by_port(reading.registry.health_checks, info.data.get("servers"), timing)
    try:
        offer = offered(reading.registry.health_checks, kind, "health check", raw, reading)
        chosen = Chosen(offer, checked(offer, options, reading))
    except PydanticCustomError as error:
        wrong.append(error)
    except ValidationError as error:
        wrong.append(Nested(error, offer.settings, also=["kind", *TimingSection.model_fields]))
    if wrong:
        raise nested(wrong)
    return HealthChoice(chosen, timing, why)


def _by_port(
    offers: Mapping[str, Offered], servers: Mapping[str, HasAddress] | None, timing: TimingSection
) -> tuple[str, str]:
    """The check that is usual for the port that is asked, and why it is that one."""
    addresses = [server.address for server in (servers or {}).values()]
    ports = {address.port if address is not None else 0 for address in addresses}
    if timing.address is not None:
        ports = {timing.address.port}
    elif timing.port is not None:
        ports = {timing.port}
    if len(ports) > 1:
        return DEFAULT_CHECK, "its servers have several ports"
    for port in ports:
        for name, offer in offers.items():
            if port in offer.ports:
                return name, f"by port {port}"
    return DEFAULT_CHECK, "that port has none of its own"


Health = Annotated[
    HealthChoice | None, PlainValidator(_health), WithJsonSchema({PLACEHOLDER: "health_checks"})
]
Agent = Annotated[
    HealthChoice | None, PlainValidator(_agent), WithJsonSchema({PLACEHOLDER: "health_checks"})
]
