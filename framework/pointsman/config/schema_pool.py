"""The ``pools`` section: servers, scheduling, persistence and health check of each pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from pointsman.config.choice import (
    Scheduling,
)
from pointsman.config.problems import fault, shown
from pointsman.config.schema_health import BY_PORT, Agent, Health
from pointsman.config.schema_outliers import OutliersSection
from pointsman.config.schema_persistence import PersistenceChoice
from pointsman.config.schema_queue import QueueSection
from pointsman.config.schema_types import (
    AtLeastOne,
    Count,
    Name,
    Percent,
    Seconds,
    ServerAddress,
    Switch,
    Weight,
    default_duration,
)
from pointsman.contracts import Settings
from pointsman.model.address import Address
from pointsman.model.pool_settings import QUEUE, PoolSettings
from pointsman.model.server import RealServer

DEFAULT_SCHEDULER = "round_robin"

_POOL = PoolSettings()


class ServerSection(Settings):
    """One real server: exactly one of ``address``, ``endpoint`` and ``local`` says where it is."""

    address: ServerAddress | None = Field(
        default=None, description="host:port, [v6]:port or unix:/path"
    )
    endpoint: str = Field(
        default="",
        description="a Twisted client endpoint string",
        examples=["tcp:127.0.0.1:8081"],
    )
    local: str = Field(
        default="",
        description="name of a server inside the embedding program",
        examples=["pages"],
    )
    weight: Weight = Field(
        default=1000, description="share of new work; 0 takes no new clients", examples=[500]
    )
    max_connections: Count = Field(
        default=0,
        description="requests and tunnels at the same time; 0 for no limit",
        examples=[500],
    )
    max_rate: Count = Field(
        default=0,
        description="requests, in tcp mode connections, in a second; 0 for no limit",
        examples=[200],
    )
    priority: AtLeastOne = Field(
        default=1,
        description="a higher number works only when too few with a lower one do",
        examples=[2],
    )
    critical: Switch = Field(
        default=False, description="when it does not work, the whole pool takes no work"
    )
    follow: str = Field(
        default="", description="POOL/SERVER whose health is that of this one", examples=["web/a"]
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
            self.priority,
            self.critical,
            self.follow,
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


class PoolSection(Settings):
    """A pool: its servers, and how one of them is chosen and watched."""

    scheduling: Scheduling = Field(
        default=DEFAULT_SCHEDULER,  # type: ignore[assignment]
        description="who gets new work",
        examples=["least_connections"],
    )
    persistence: PersistenceChoice = Field(
        default=None,
        description="which clients belong to a server",
        examples=[{"kind": "source_ip", "timeout": "20m"}],
    )
    # Before the health check, whose default follows from their ports.
    servers: dict[Name, Server] = Field(
        description="name: address, or name: {address: ...}", examples=[{"a": "127.0.0.1:8081"}]
    )
    health: Health = Field(
        default=BY_PORT,  # type: ignore[assignment]
        description="how a server is known to be up; by_port is the check that its port suggests",
        examples=[{"kind": "http", "path": "/healthz"}],
    )
    agent: Agent = Field(
        default=None,
        description="an agent on each server is asked how much work it wants",
        examples=[{"port": 9707}],
    )
    drain_time: Seconds = Field(
        default=default_duration(_POOL.drain_time),
        description="pinned clients may come this long to a server that drains",
        examples=["10m"],
    )
    drop_at_drain_end: Switch = Field(
        default=False, description="when the drain time is over, close what is still open"
    )
    drop_on_fail: Switch = Field(
        default=False, description="close what is open to a server that went down"
    )

    queue: QueueSection | None = Field(
        default=None,
        description="who waits while all servers are over their limits; else nobody does",
        examples=[{"size": 200, "timeout": "3s"}],
    )

    slow_start: Seconds = Field(
        default=default_duration(_POOL.slow_start),
        description="the share of a server that came back rises so long; 0 for none",
        examples=["30s"],
    )
    slow_start_curve: Literal["linear", "quadratic"] = Field(
        default="linear", description="how the share rises"
    )
    outliers: OutliersSection | None = Field(
        default=None,
        description="which servers answer so badly that they are left alone; else none is",
        examples=[{"errors": 5, "eject": "20s"}],
    )
    minimum_active: AtLeastOne = Field(
        default=1,
        description="the next priority joins in while fewer servers work",
        examples=[2],
    )
    minimum: AtLeastOne = Field(
        default=1, description="the pool takes no work while fewer servers do", examples=[2]
    )
    warn_below: Count = Field(
        default=0, description="with fewer servers its services are degraded", examples=[2]
    )
    panic_below: Percent = Field(
        default="0%",  # type: ignore[assignment]
        description="while a smaller share of the servers works, health is ignored",
        examples=["30%"],
    )

    @model_validator(mode="after")
    def _servers_enough(self) -> PoolSection:
        count = len(self.servers)
        for key in ("minimum_active", "minimum", "warn_below"):
            wanted = getattr(self, key)
            if key in self.model_fields_set and wanted > count:
                raise fault(f"{wanted} of {count} servers can never work", at=[key])
        return self

    def settings(self) -> PoolSettings:
        """What the data plane works by."""
        return PoolSettings(
            drain_time=self.drain_time,
            drop_at_drain_end=self.drop_at_drain_end,
            drop_on_fail=self.drop_on_fail,
            minimum_active=self.minimum_active,
            minimum=self.minimum,
            warn_below=self.warn_below,
            panic_below=self.panic_below,
            slow_start=self.slow_start,
            slow_start_curve=self.slow_start_curve,
            outliers=self.outliers.settings() if self.outliers is not None else None,
            queue=self.queue.settings() if self.queue is not None else None,
        )

    @model_validator(mode="after")
    def _a_queue_to_wait_in(self) -> PoolSection:
        use = self.persistence
        if use is not None and use.common.over_limit == QUEUE and self.queue is None:
            message = "pinned clients cannot wait: the pool has no `queue`"
            raise fault(message, "add `queue: {}` to the pool", ["persistence", "over_limit"])
        return self

    @model_validator(mode="before")
    @classmethod
    def _some_servers(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and raw.get("servers", 0) in (None, {}, []):
            raise fault("a pool needs at least one server", "write name: host:port", ["servers"])
        return raw
