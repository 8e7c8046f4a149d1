"""The whole configuration file: its top level, and the sections that belong to no service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from pointsman.config.problems import fault, shown
from pointsman.config.schema_pool import PoolSection
from pointsman.config.schema_service import DefaultsSection, ServiceSection
from pointsman.config.schema_types import Name, Seconds, Switch, Token, default_duration
from pointsman.contracts import Settings, Written

VERSION = 1


@dataclass(frozen=True, slots=True)
class Destination:
    """Where access-log lines go.

    Attributes:
        kind: "stderr", "stdout", "file" or "syslog".
        target: path of the file; host:port or path of the syslog socket; else "".
    """

    kind: str
    target: str = ""


def _destination(raw: object) -> Destination:
    if raw in ("stderr", "stdout"):
        return Destination(str(raw))
    if isinstance(raw, Mapping) and len(raw) == 1:
        ((kind, target),) = raw.items()
        if kind in ("file", "syslog"):
            if not isinstance(target, str) or not target or not target.isprintable():
                raise fault(f"expected a path or an address, got {shown(target)}", at=[kind])
            return Destination(kind, target)
    raise fault(
        "expected stderr, stdout, {file: PATH} or {syslog: ADDRESS}, got "
        f"{shown(raw) if not isinstance(raw, Mapping) else 'other keys'}"
    )


class AccessLogSection(Settings):
    """One line for each exchange or tunnel."""

    format: Literal["json", "combined"] = Field(
        default="json", description="one JSON object a line, or the combined format of Apache"
    )
    to: Annotated[
        Destination,
        PlainValidator(
            _destination, json_schema_input_type=Literal["stderr", "stdout"] | dict[str, str]
        ),
        Written("`stderr`, `stdout`, `{file: PATH}` or `{syslog: PLACE}`"),
    ] = Field(
        default="stderr",
        description="stderr, stdout, {file: PATH} or {syslog: ADDRESS or path}",
        examples=[{"file": "/var/log/pointsman/access.log"}],
    )  # type: ignore[assignment]
    redact_query: tuple[str, ...] = Field(
        default=(), description="query parameters not to be shown", examples=[["token"]]
    )
    redact_cookies: tuple[str, ...] = Field(
        default=(), description="cookies not to be shown", examples=[["session"]]
    )
    headers: tuple[Token, ...] = Field(default=(), description="request headers to be added")


def _access_log(raw: object) -> object:
    if raw in ("off", False, None):
        return None
    if not isinstance(raw, Mapping):
        raise fault(f"expected off or a mapping, got {shown(raw)}", "{} takes all defaults")
    return raw


def _folder(text: str) -> str:
    if text and not text.isprintable():
        raise fault(f"expected a path, got {shown(text)}")
    return text


class ResolverSection(Settings):
    """How names of real servers are resolved."""

    interval: Annotated[Seconds, Field(gt=0)] = Field(
        default=default_duration(60.0),
        description="after this time names are looked up again",
        examples=["30s"],
    )


class ControlSection(Settings):
    """The unix socket by which commands reach the running program."""

    socket: Annotated[str, AfterValidator(_folder)] = Field(
        default="",
        description="its path, relative to this file; else it is in `state_dir`",
        examples=["/run/pointsman/site.control"],
    )


def off_or_section(raw: object) -> object:
    """``off`` and its like for no control socket; anything else is for the section to say."""
    return None if raw in ("off", False, None) else raw


class Document(Settings):
    """A configuration of pointsman."""

    version: int = Field(default=VERSION, description="version of this format")
    include: tuple[str, ...] = Field(
        default=(),
        description="further files, relative to this one; * and ? stand for parts of names",
        examples=[["pools.yaml", "sites/*.yaml"]],
    )
    plugins: tuple[str, ...] = Field(
        default=(),
        description="modules to be loaded as plugins, beside those that are installed",
        examples=[["our_plugins.canary"]],
    )
    state_dir: Annotated[str, AfterValidator(_folder)] = Field(
        default="",
        description="folder for what is kept over a restart, relative to this file",
        examples=["/var/lib/pointsman"],
    )
    watch: Switch = Field(
        default=False, description="read the configuration anew when a file of it has changed"
    )
    defaults: DefaultsSection = Field(
        default_factory=DefaultsSection, description="what every virtual service inherits"
    )
    resolver: ResolverSection = Field(
        default_factory=ResolverSection, description="how names of real servers are looked up"
    )
    control: Annotated[
        ControlSection | None,
        BeforeValidator(
            off_or_section, json_schema_input_type=ControlSection | Literal["off", False]
        ),
    ] = Field(default_factory=ControlSection, description="off, or where commands reach it")
    access_log: Annotated[
        AccessLogSection | None,
        BeforeValidator(
            _access_log, json_schema_input_type=AccessLogSection | Literal["off", False]
        ),
    ] = Field(default=None, description="off, or what is written for each exchange")
    pools: dict[Name, PoolSection] = Field(
        default_factory=dict, description="real servers, and what decides between them, by name"
    )
    virtual_services: dict[Name, ServiceSection] = Field(
        default_factory=dict, description="where clients arrive and what becomes of them, by name"
    )
