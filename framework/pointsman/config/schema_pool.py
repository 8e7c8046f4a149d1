"""The ``pools`` section: servers, scheduling, persistence and health check of each pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
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
    PersistenceChoice,
    Scheduling,
    checked,
    kind_and_options,
    offered,
    reading_of,
)
from pointsman.config.problems import Nested, fault, nested, shown
from pointsman.config.schema_queue import QueueSection
from pointsman.config.schema_types import (
    AtLeastOne,
    Count,
    Name,
    Port,
    Seconds,
    ServerAddress,
    Switch,
    Weight,
    default_duration,
)
from pointsman.contracts import Settings
from pointsman.model.address import Address
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.model.units import format_duration

DEFAULT_SCHEDULER = "round_robin"
DEFAULT_CHECK = "tcp"

_TIMING = HealthTiming()
_POOL = PoolSettings()


class ServerSection(Settings):
    """One real server: exactly one of ``address``, ``endpoint`` and ``local`` says where it is."""

    address: ServerAddress | None = Field(
        default=None, description="host:port, [v6]:port or unix:/path"
    )
    endpoint: str = Field(default="", description="a Twisted client endpoint string")
    local: str = Field(default="", description="name of a server inside the embedding program")
    weight: Weight = Field(default=1000, description="share of new work; 0 takes none")
    max_connections: Count = Field(default=0, description="at the same time; 0 for no limit")
    max_rate: Count = Field(
        default=0, description="requests or connections in a second; 0 for no limit"
    )

    @model_validator(mode="after")
    def _one_place(self) -> ServerSection:
        places = [name for name in ("address", "endpoint", "local") if getattr(self, name)]
        if not places:
            raise fault("a server needs one of `address`, `endpoint` and `local`")
        if len(places) > 1:
            both = " and ".join(f"`{place}`" for place in places)
            raise fault(f"{both} exclude each other", "keep one of them", places[1:2])
        return self

    def server(self, name: str) -> RealServer:
        """The server that these settings describe."""
        return RealServer(
            name,
            self.address or Address(),
            self.weight,
            self.max_connections,
            self.endpoint,
            self.local,
            self.max_rate,
        )


def _address_alone(raw: object) -> object:
    if isinstance(raw, str):
        return {"address": raw}
    if not isinstance(raw, Mapping):
        raise fault(f"expected host:port or a mapping with `address`, got {shown(raw)}")
    return raw


Server = Annotated[
    ServerSection, BeforeValidator(_address_alone, json_schema_input_type=str | ServerSection)
]


class TimingSection(Settings):
    """When a server is probed, and where: the keys that every kind of health check has."""

    interval: Seconds = default_duration(_TIMING.interval)
    timeout: Seconds = default_duration(_TIMING.timeout)
    retries: Count = _TIMING.retries
    rise: AtLeastOne = _TIMING.rise
    fall: AtLeastOne = _TIMING.fall
    interval_down: Seconds = default_duration(_TIMING.interval_down)
    jitter: Seconds = default_duration(_TIMING.jitter)
    port: Port | None = None
    address: ServerAddress | None = None

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
    """A health check with its options, and when and where it is made."""

    chosen: Chosen
    common: TimingSection


def _health(raw: object, info: ValidationInfo) -> HealthChoice | None:
    if raw is None or raw == NONE:
        return None
    reading = reading_of(info)
    kind, options = kind_and_options(raw, "a health check", DEFAULT_CHECK)
    if kind == NONE and not options:
        return None
    common = {key: options.pop(key) for key in (*options,) if key in TimingSection.model_fields}
    wrong: list[Nested | PydanticCustomError] = []
    timing = TimingSection()
    try:
        timing = TimingSection.model_validate(common)
    except ValidationError as error:
        wrong.append(Nested(error, TimingSection))
    try:
        offer = offered(reading.registry.health_checks, kind, "health check", raw, reading)
        chosen = Chosen(offer, checked(offer, options, reading))
    except PydanticCustomError as error:
        wrong.append(error)
    except ValidationError as error:
        wrong.append(Nested(error, offer.settings, also=["kind", *TimingSection.model_fields]))
    if wrong:
        raise nested(wrong)
    return HealthChoice(chosen, timing)


Health = Annotated[
    HealthChoice | None, PlainValidator(_health), WithJsonSchema({PLACEHOLDER: "health_checks"})
]


class PoolSection(Settings):
    """A pool: its servers, and how one of them is chosen and watched."""

    scheduling: Scheduling = Field(default=DEFAULT_SCHEDULER, description="who gets new work")  # type: ignore[assignment]
    persistence: PersistenceChoice = Field(
        default=None, description="which clients belong to a server"
    )
    health: Health = Field(default=DEFAULT_CHECK, description="how a server is known to be up")  # type: ignore[assignment]
    servers: dict[Name, Server] = Field(description="name: address, or name: {address: ...}")
    drain_time: Seconds = Field(
        default=default_duration(_POOL.drain_time),
        description="pinned clients may come this long to a server that drains",
    )
    drop_at_drain_end: Switch = Field(
        default=False, description="then close what is still open to it"
    )
    drop_on_fail: Switch = Field(
        default=False, description="close what is open to a server that went down"
    )

    queue: QueueSection | None = Field(
        default=None, description="who waits while all servers are over their limits"
    )

    def settings(self) -> PoolSettings:
        """What the data plane works by."""
        return PoolSettings(
            drain_time=self.drain_time,
            drop_at_drain_end=self.drop_at_drain_end,
            drop_on_fail=self.drop_on_fail,
            queue=self.queue.settings() if self.queue is not None else None,
        )

    @model_validator(mode="before")
    @classmethod
    def _some_servers(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and raw.get("servers", 0) in (None, {}, []):
            raise fault("a pool needs at least one server", "write name: host:port", ["servers"])
        return raw
