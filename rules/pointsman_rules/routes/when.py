"""``when``: the conditions of a rule as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainValidator

from pointsman.contracts import Settings
from pointsman.contracts.pools import PoolName
from pointsman_rules.routes.fields import (
    AddressList,
    HeaderName,
    Paths,
    Pattern,
    Regexes,
    Texts,
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock_time(raw: object) -> int:
    """Minutes since midnight."""
    if isinstance(raw, str):
        hours, colon, minutes = raw.partition(":")
        if colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2:
            found = int(hours) * 60 + int(minutes)
            if int(minutes) < 60 and found <= 24 * 60:
                return found
    raise ValueError(f'expected a time like "08:30", in quotes, got {raw!r}')


def _zone(raw: object) -> str:
    try:
        ZoneInfo(str(raw))
    except (OSError, ValueError, KeyError):
        told = f"there is no time zone {raw!r} here, such as UTC or Europe/Berlin"
        raise ValueError(told) from None
    return str(raw)


ClockTime = Annotated[int, PlainValidator(_clock_time, json_schema_input_type=str)]
Zone = Annotated[str, PlainValidator(_zone, json_schema_input_type=str)]


class TimeSettings(Settings):
    """A span of the day, on some days; one that ends before it begins goes over midnight."""

    days: tuple[Day, ...] = Field(
        default=DAYS, description="on these days", examples=[["sat", "sun"]]
    )
    since: ClockTime = Field(
        default=0,
        validate_default=False,
        description="it begins",
        examples=["22:00"],
        json_schema_extra={"default": "00:00"},
    )
    until: ClockTime = Field(
        default=24 * 60,
        validate_default=False,
        description="it has ended; earlier than `since` goes over midnight",
        examples=["06:00"],
        json_schema_extra={"default": "24:00"},
    )
    zone: Zone = Field(default="UTC", description="whose clock it is", examples=["Europe/Berlin"])


class ShareSettings(Settings):
    """A part of the clients, always the same ones."""

    percent: float = Field(ge=0, le=100, description="of the clients", examples=[10])
    cookie: HeaderName | None = Field(
        default=None,
        description="this cookie remembers it, set if missing; else the address decides",
        examples=["version"],
    )


def _share(raw: object) -> object:
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return {"percent": raw} if number else raw


class WhenSettings(Settings):
    """Conditions; all that are given have to hold, of a list of values one."""

    host: Texts = Field(
        default=(),
        description="name in the request; *.example.org is any name below it",
        examples=["*.example.org"],
    )
    path: Paths = Field(default=(), description="the whole path", examples=["/login"])
    prefix: Paths = Field(default=(), description="beginning of the path, in whole segments")
    glob: Texts = Field(
        default=(),
        description="the whole path, * is any text, ? one character",
        examples=["*.php"],
    )
    regex: Regexes = Field(
        default=(), description="found in the path; its groups are {1}, {2} and so on in the rule"
    )
    method: Texts = Field(default=(), description="of the request", examples=[["PUT", "POST"]])
    scheme: Literal["http", "https"] | None = Field(
        default=None, description="whether the client uses TLS"
    )
    header: Mapping[HeaderName, Pattern] = Field(
        default={}, description="header fields: name: pattern", examples=[{"X-Version": "new"}]
    )
    query: Mapping[str, Pattern] = Field(
        default={},
        description="parameters of the query: name: pattern",
        examples=[{"debug": True}],
    )
    cookie: Mapping[HeaderName, Pattern] = Field(
        default={}, description="cookies: name: pattern", examples=[{"beta": {"exact": "1"}}]
    )
    source: AddressList | None = Field(default=None, description="networks of the client")
    sni: Texts = Field(
        default=(),
        description="the name that the client asked for by SNI, like `host`",
        examples=["www.example.org"],
    )
    share: Annotated[
        ShareSettings | None,
        BeforeValidator(_share, json_schema_input_type=float | ShareSettings),
    ] = Field(
        default=None, description="a percentage of the clients, always the same ones", examples=[10]
    )
    time: TimeSettings | None = Field(
        default=None,
        description="a span of the day",
        examples=[{"since": "22:00", "until": "06:00"}],
    )
    pool_down: PoolName | None = Field(
        default=None, description="no server of this pool takes new work", examples=["web"]
    )
    any_of: tuple[WhenSettings, ...] = Field(
        default=(),
        description="one of these has to hold",
        examples=[[{"prefix": "/a"}, {"prefix": "/b"}]],
    )
    all_of: tuple[WhenSettings, ...] = Field(
        default=(),
        description="all of these have to hold",
        examples=[[{"pool_down": "web"}, {"prefix": "/shop"}]],
    )
    none_of: tuple[WhenSettings, ...] = Field(
        default=(), description="none of these may hold", examples=[[{"method": "GET"}]]
    )
