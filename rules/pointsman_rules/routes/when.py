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

    days: tuple[Day, ...] = DAYS
    since: ClockTime = Field(default=0, validate_default=False, description="it begins")
    until: ClockTime = Field(default=24 * 60, validate_default=False, description="it has ended")
    zone: Zone = "UTC"


class ShareSettings(Settings):
    """A part of the clients, always the same ones."""

    percent: float = Field(ge=0, le=100)
    cookie: HeaderName | None = Field(
        default=None,
        description="remembers it, set if missing; else the address does",
    )


def _share(raw: object) -> object:
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return {"percent": raw} if number else raw


class WhenSettings(Settings):
    """Conditions; all that are given have to hold, of a list of values one."""

    host: Texts = Field(default=(), description="of the request; *.example.org is any name below")
    path: Paths = Field(default=(), description="the whole path")
    prefix: Paths = Field(default=(), description="beginning of the path, in whole segments")
    glob: Texts = Field(default=(), description="the whole path, * is any text, ? a character")
    regex: Regexes = Field(default=(), description="found in the path; gives {1}, {2} ...")
    method: Texts = ()
    scheme: Literal["http", "https"] | None = None
    header: Mapping[HeaderName, Pattern] = {}
    query: Mapping[str, Pattern] = {}
    cookie: Mapping[HeaderName, Pattern] = {}
    source: AddressList | None = Field(default=None, description="networks of the client")
    sni: Texts = Field(default=(), description="the name that the client asked for")
    share: Annotated[
        ShareSettings | None,
        BeforeValidator(_share, json_schema_input_type=float | ShareSettings),
    ] = Field(default=None, description="a percentage of the clients")
    time: TimeSettings | None = None
    pool_down: PoolName | None = Field(default=None, description="no server of it takes new work")
    any_of: tuple[WhenSettings, ...] = Field(default=(), description="one of these has to hold")
    all_of: tuple[WhenSettings, ...] = ()
    none_of: tuple[WhenSettings, ...] = ()
