"""The types of values in rules: patterns, networks, templates, checked where they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator

from pointsman.contracts import Settings, Written
from pointsman_rules.routes.addresses import network
from pointsman_rules.routes.expressions import compiled
from pointsman_rules.routes.placeholders import template

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _some(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


def _header_name(raw: object) -> str:
    if not isinstance(raw, str) or not _NAME.fullmatch(raw):
        raise ValueError(f"expected the name of a header or cookie, got {raw!r}")
    return raw


def _checked(check: Callable[[str], object], what: str) -> Callable[[object], str]:
    def checked(raw: object) -> str:
        if not isinstance(raw, str) or not raw:
            raise ValueError(f"expected {what}, got {raw!r}")
        check(raw)
        return raw

    return checked


def _path(text: str) -> None:
    if not text.startswith("/"):
        raise ValueError(f"a path begins with /, got {text!r}")


def _value(text: str) -> None:
    if any(ord(letter) > 255 or letter in "\r\n\0" for letter in text):
        raise ValueError(f"{text!r} cannot stand in a header")
    template(text)


HeaderName = Annotated[
    str,
    PlainValidator(_header_name, json_schema_input_type=str),
    Written("name of a header", "X-Powered-By"),
]
Regex = Annotated[
    str,
    PlainValidator(_checked(compiled, "a regular expression"), json_schema_input_type=str),
    Written("regular expression", "^/v([0-9]+)/"),
]
Path = Annotated[
    str,
    PlainValidator(_checked(_path, "a path"), json_schema_input_type=str),
    Written("path", "/api"),
]
NetworkText = Annotated[
    str,
    PlainValidator(_checked(network, "an address or a network"), json_schema_input_type=str),
    Written("network", "10.0.0.0/8"),
]
_WITH_PLACEHOLDERS = "text with placeholders"
Template = Annotated[
    str,
    PlainValidator(_checked(_value, "text"), json_schema_input_type=str),
    Written(_WITH_PLACEHOLDERS, "https://www.example.org{path}{?query}"),
]

# The same for what may have several lines.
BodyTemplate = Annotated[
    str,
    PlainValidator(_checked(template, "text"), json_schema_input_type=str),
    Written(_WITH_PLACEHOLDERS, "Not here, {client}.\n"),
]

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_some, json_schema_input_type=str | list[str])]
Paths = Annotated[
    tuple[Path, ...],
    BeforeValidator(_some, json_schema_input_type=str | list[str]),
    Written("path, or a list of them", "/api"),
]
Regexes = Annotated[
    tuple[Regex, ...],
    BeforeValidator(_some, json_schema_input_type=str | list[str]),
    Written("regular expression, or a list of them", "^/v([0-9]+)/"),
]
Networks = Annotated[
    tuple[NetworkText, ...],
    BeforeValidator(_some, json_schema_input_type=str | list[str]),
    Written("network, or a list of them", ["10.0.0.0/8", "2001:db8::/32"]),
]
Names = Annotated[
    tuple[HeaderName, ...],
    BeforeValidator(_some, json_schema_input_type=str | list[str]),
    Written("name of a header, or a list of them", ["X-Request-Id", "X-Trace"]),
]


class ValuePattern(Settings):
    """How the value of a header, parameter or cookie has to look; all that is given has to hold."""

    exact: str | None = Field(default=None, description="the whole value", examples=["beta"])
    prefix: str | None = Field(default=None, description="its beginning", examples=["Mozilla/"])
    suffix: str | None = Field(default=None, description="its end", examples=[".example.org"])
    contains: str | None = Field(
        default=None, description="what is found somewhere in it", examples=["${jndi:"]
    )
    glob: str | None = Field(
        default=None,
        description="the whole value; * is any text, ? one character",
        examples=["curl/*"],
    )
    regex: Regex | None = Field(
        default=None, description="found in it", examples=["(?i)bot|spider"]
    )
    present: bool | None = Field(default=None, description="whether it is there at all")
    ignore_case: bool = Field(default=False, description="whether `A` and `a` are the same")


def _value_pattern(raw: object) -> object:
    if isinstance(raw, bool):
        return {"present": raw}
    return {"exact": raw} if isinstance(raw, str) else raw


Pattern = Annotated[
    ValuePattern,
    BeforeValidator(_value_pattern, json_schema_input_type=str | bool | ValuePattern),
]
Patterns = Mapping[HeaderName, Pattern]


class AddressSource(Settings):
    """Networks in place, in files (one a line, read anew when they change), or both."""

    networks: Networks = Field(default=(), description="addresses and networks in place")
    files: Texts = Field(
        default=(),
        description="files with one a line, read anew when they change",
        examples=["blocked.txt"],
    )


def _addresses(raw: object) -> object:
    return {"networks": raw} if isinstance(raw, str | list | tuple) else raw


AddressList = Annotated[
    AddressSource,
    BeforeValidator(_addresses, json_schema_input_type=NetworkText | list[str] | AddressSource),
]
