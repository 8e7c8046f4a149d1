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

    header: Seconds = default_duration(_TIMEOUTS.header)
    body: Seconds = default_duration(_TIMEOUTS.body)
    idle: Seconds = default_duration(_TIMEOUTS.idle)
    connect: Seconds = default_duration(_TIMEOUTS.connect)
    response: Seconds = default_duration(_TIMEOUTS.response)
    stream: Seconds = default_duration(_TIMEOUTS.stream)
    tunnel: Seconds = default_duration(_TIMEOUTS.tunnel)
    upstream_idle: Seconds = default_duration(_TIMEOUTS.upstream_idle)
    drain: Seconds = default_duration(_TIMEOUTS.drain)


class LimitsSection(Settings):
    """How large and how many things may be; 0 for no limit."""

    request_line: Size = default_size(_LIMITS.request_line)
    header_bytes: Size = default_size(_LIMITS.header_bytes)
    header_count: Count = _LIMITS.header_count
    body: Size = default_size(_LIMITS.body)
    connections: Count = _LIMITS.connections
    response_header_bytes: Size = default_size(_LIMITS.response_header_bytes)
    upstream_idle: Count = _LIMITS.upstream_idle


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
    via: Pseudonym = Field(default="pointsman", description="pseudonym in Via, false sends none")
    trusted_proxies: tuple[NetworkText, ...] = Field(
        default=(), description="networks whose own X-Forwarded-* and Forwarded are believed"
    )


class DefaultsSection(Settings):
    """What every virtual service inherits and may say otherwise."""

    timeouts: TimeoutsSection = Field(default_factory=TimeoutsSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    forwarding: ForwardingSection = Field(default_factory=ForwardingSection)


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
    mode: Literal["http", "tcp"] = "http"
    pool: Annotated[
        str | PoolSection, PlainValidator(_pool, json_schema_input_type=str | PoolSection)
    ] = Field(description="name of a pool, or the keys of a pool in place")
    tls: TlsChoice = Field(
        default=None, description="a TLS mode, or a mapping with its mode and options; none"
    )
    rules: RulesChoice = Field(
        default=(), description="what is decided about its traffic, in order: rules and files"
    )
    allow_connect: Switch = Field(default=False, description="tunnel CONNECT requests to the pool")
    max_attempts: AtLeastOne = Field(default=3, description="servers tried for one exchange")
    backlog: AtLeastOne = Field(default=4096, description="length of the kernel's accept queue")

    retries: RetriesSection = Field(default_factory=RetriesSection)
    when_down: WhenDownChoice | None = Field(
        default=None, description="`close`, or what clients get when no server is left"
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
        if self.mode == "tcp" and self.explain is not None:
            message = "in tcp mode there are no requests that could be explained"
            raise fault(message, "remove this key", ["explain"])
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
