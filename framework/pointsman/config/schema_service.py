"""The ``virtual_services`` section, and ``defaults`` that all services inherit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationError, ValidationInfo, model_validator

from pointsman.config.choice import TlsChoice, reading_of
from pointsman.config.pool_names import pool_names
from pointsman.config.problems import Nested, fault, nested, shown
from pointsman.config.rules_choice import RulesChoice
from pointsman.config.schema_explain import ExplainSection
from pointsman.config.schema_pool import PoolSection
from pointsman.config.schema_retries import RetriesSection
from pointsman.config.schema_types import (
    AtLeastOne,
    Count,
    Listening,
    NetworkText,
    Seconds,
    Switch,
    default_duration,
    default_size,
    is_token,
)
from pointsman.config.schema_when_down import WhenDownChoice, WhenDownSection
from pointsman.contracts import Settings, Size
from pointsman.model.service import Forwarding, Limits, ServiceSettings, Timeouts

_TIMEOUTS = Timeouts()
_LIMITS = Limits()
_NOT_A_PSEUDONYM = {"off", "no", "none", "on", "yes"}


class TimeoutsSection(Settings):
    """How long things may take; 0 switches one off."""

    header: Seconds = Field(
        default=default_duration(_TIMEOUTS.header),
        description="from the first byte of a request head to its end; then 408",
        examples=["5s"],
    )
    body: Seconds = Field(
        default=default_duration(_TIMEOUTS.body),
        description="between two reads of a request body; then 408",
        examples=["1m"],
    )
    idle: Seconds = Field(
        default=default_duration(_TIMEOUTS.idle),
        description="between two requests of a client connection; then it is closed in silence",
        examples=["2m"],
    )
    connect: Seconds = Field(
        default=default_duration(_TIMEOUTS.connect),
        description="to reach a real server; then the next one is tried, else 504",
        examples=["2s"],
    )
    response: Seconds = Field(
        default=default_duration(_TIMEOUTS.response),
        description="from the request to the first byte of the answer; then 504",
        examples=["5m"],
    )
    stream: Seconds = Field(
        default=default_duration(_TIMEOUTS.stream),
        description="between two reads of the body of an answer; then the answer is cut",
        examples=["2m"],
    )
    tunnel: Seconds = Field(
        default=default_duration(_TIMEOUTS.tunnel),
        description="without a byte in either direction, in tcp mode and after an upgrade",
        examples=["1h"],
    )
    upstream_idle: Seconds = Field(
        default=default_duration(_TIMEOUTS.upstream_idle),
        description="for which an unused connection to a server is kept",
        examples=["10s"],
    )
    drain: Seconds = Field(
        default=default_duration(_TIMEOUTS.drain),
        description="for open work to end once the program or service is to stop; 0 cuts at once",
        examples=["5m"],
    )


class LimitsSection(Settings):
    """How large and how many things may be; 0 for no limit."""

    request_line: Size = Field(
        default=default_size(_LIMITS.request_line),
        description="method, target and version of a request; 414 beyond",
        examples=["16KiB"],
    )
    header_bytes: Size = Field(
        default=default_size(_LIMITS.header_bytes),
        description="the whole head of a request; 431 beyond",
        examples=["32KiB"],
    )
    header_count: Count = Field(
        default=_LIMITS.header_count,
        description="header fields of a request; 431 beyond",
        examples=[200],
    )
    body: Size = Field(
        default=default_size(_LIMITS.body),
        description="body of a request; 413 beyond",
        examples=["10MiB"],
    )
    connections: Count = Field(
        default=_LIMITS.connections,
        description="open client connections of the service; 503 beyond, in tcp mode closed",
        examples=[5000],
    )
    response_header_bytes: Size = Field(
        default=default_size(_LIMITS.response_header_bytes),
        description="the whole head of an answer; 502 beyond",
        examples=["64KiB"],
    )
    upstream_idle: Count = Field(
        default=_LIMITS.upstream_idle,
        description="unused connections that are kept for each server",
        examples=[256],
    )


def _via(raw: object) -> str:
    if raw is False:
        return ""
    if isinstance(raw, str) and raw.lower() in _NOT_A_PSEUDONYM:
        raise fault(f"expected a pseudonym or false, got {shown(raw)}", "false sends no Via")
    if not isinstance(raw, str) or not is_token(raw):
        raise fault(f"expected a pseudonym such as edge1, or false, got {shown(raw)}")
    return raw


Pseudonym = Annotated[str, PlainValidator(_via, json_schema_input_type=str | Literal[False])]


class ForwardingSection(Settings):
    """What the real server is told about the client."""

    x_forwarded: Switch = Field(
        default=True, description="send X-Forwarded-For, -Proto, -Host and -Port"
    )
    forwarded: Switch = Field(default=False, description="send Forwarded (RFC 7239)")
    via: Pseudonym = Field(
        default="pointsman", description="name in Via; false sends none", examples=["edge1"]
    )
    trusted_proxies: tuple[NetworkText, ...] = Field(
        default=(), description="networks whose own X-Forwarded-* and Forwarded are believed"
    )


class DefaultsSection(Settings):
    """What every virtual service inherits and may say otherwise."""

    timeouts: TimeoutsSection = Field(
        default_factory=TimeoutsSection, description="how long things may take"
    )
    limits: LimitsSection = Field(
        default_factory=LimitsSection, description="how large and how many things may be"
    )
    forwarding: ForwardingSection = Field(
        default_factory=ForwardingSection, description="what servers are told about the client"
    )


def _pool(raw: object, info: ValidationInfo) -> str | PoolSection:
    reading = reading_of(info)
    if isinstance(raw, str):
        reading.check_pool(raw)
        return raw
    if not isinstance(raw, Mapping):
        raise fault(f"expected the name of a pool, or a pool in place, got {shown(raw)}")
    try:
        return PoolSection.model_validate(raw, context=reading)
    except ValidationError as error:
        raise nested([Nested(error, PoolSection)]) from None


class ServiceSection(DefaultsSection):
    """A virtual service: where it listens and where its traffic goes."""

    listen: Listening = Field(description="ip:port, [v6]:port, *:port or unix:/path; or a list")
    mode: Literal["http", "tcp"] = Field(
        default="http", description="http decides for each request, tcp for each connection"
    )
    pool: Annotated[
        str | PoolSection, PlainValidator(_pool, json_schema_input_type=str | PoolSection)
    ] = Field(description="name of a pool, or the keys of a pool in place", examples=["web"])
    tls: TlsChoice = Field(
        default=None,
        description="what becomes of TLS: a mode, or a mapping with its mode and options",
        examples=[{"mode": "offload", "certificates": ["site"]}],
    )
    rules: RulesChoice = Field(
        default=(),
        description="what is decided about its traffic, in order: rules and files",
        examples=[[{"when": {"prefix": "/api"}, "pool": "api"}]],
    )
    allow_connect: Switch = Field(default=False, description="tunnel CONNECT requests to the pool")
    max_attempts: AtLeastOne = Field(default=3, description="servers tried for one exchange")
    backlog: AtLeastOne = Field(default=4096, description="length of the kernel's accept queue")

    retries: RetriesSection = Field(
        default_factory=RetriesSection, description="requests that are sent once more"
    )
    when_down: WhenDownChoice | None = Field(
        default=None,
        description="`close`, or what clients get when no server is left; else a 503",
        examples=[{"pool": "sorry"}],
    )
    explain: ExplainSection | None = Field(
        default=None, description="who is told why a request went where it went"
    )
    enabled: Switch = Field(default=True, description="takes clients; else each is closed at once")

    @model_validator(mode="after")
    def _what_tcp_can_say(self) -> ServiceSection:
        last = self.when_down
        if self.mode == "tcp" and isinstance(last, WhenDownSection) and last.pool is None:
            message = "in tcp mode there is no answer that could be sent"
            raise fault(message, "give a `pool`, or `close`", ["when_down"])
        explain = self.explain
        if self.mode == "tcp" and explain is not None and (explain.networks or explain.secret):
            message = "in tcp mode there are no answers in which testers could be told"
            raise fault(message, "write `explain: {log: true}`", ["explain"])
        return self

    def pool_names(self) -> Iterator[str]:
        """The pools under ``pools`` that it uses: its own, and those that are chosen from."""
        if isinstance(self.pool, str):
            yield self.pool
        if isinstance(self.when_down, WhenDownSection) and self.when_down.pool is not None:
            yield self.when_down.pool
        if self.tls is not None:
            yield from pool_names(self.tls.options)
        for rule in self.rules:
            yield from pool_names(rule.options)

    @property
    def pool_in_place(self) -> PoolSection:
        """The pool that is written here; only if ``pool`` is not a name."""
        if isinstance(self.pool, str):
            raise TypeError(f"the pool {self.pool!r} is written elsewhere")
        return self.pool

    def settings(self, name: str, defaults: DefaultsSection) -> ServiceSettings:
        """What the data plane works by: this service's own values over the defaults."""
        forwarding = _over(self.forwarding, defaults.forwarding)
        return ServiceSettings(
            name=name,
            listen=self.listen,
            mode=self.mode,
            timeouts=Timeouts(**_over(self.timeouts, defaults.timeouts)),
            limits=Limits(**_over(self.limits, defaults.limits)),
            forwarding=Forwarding(
                x_forwarded=forwarding["x_forwarded"],
                forwarded=forwarding["forwarded"],
                via=forwarding["via"].encode(),
                trusted=tuple(forwarding["trusted_proxies"]),
            ),
            backlog=self.backlog,
            allow_connect=self.allow_connect,
            max_attempts=self.max_attempts,
            enabled=self.enabled,
            retries=self.retries.settings(),
        )


def _over(own: Settings, inherited: Settings) -> dict[str, Any]:
    """Every value of ``inherited``, but those that were written in ``own`` from there."""
    values = {name: getattr(inherited, name) for name in type(inherited).model_fields}
    values.update({name: getattr(own, name) for name in own.model_fields_set})
    return values
