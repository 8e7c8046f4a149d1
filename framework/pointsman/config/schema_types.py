"""The small types that the sections of the configuration are made of."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StrictBool, StrictInt

from pointsman.config.problems import fault, shown
from pointsman.contracts import Duration, Written
from pointsman.model.address import Address
from pointsman.model.service import Network
from pointsman.model.units import format_duration, format_size

YEAR = 31_536_000.0
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_LONGEST_NAME = 200


def _name(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip():
        raise fault("a name must be printable, not empty, and not begin or end with a space")
    if len(text) > _LONGEST_NAME:
        raise fault(f"a name has at most {_LONGEST_NAME} characters")
    return text


def default_duration(seconds: float) -> Any:
    """A default of the data plane as a user would write it; validation makes it a number."""
    return format_duration(seconds)


def default_size(size: int) -> Any:
    """The same for a size in bytes."""
    return format_size(size)


def is_token(text: str) -> bool:
    """Whether this is a token (RFC 9110 section 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def _token(text: str) -> str:
    if not is_token(text):
        raise fault(f"expected a header name such as User-Agent, got {shown(text)}")
    return text


def _in_a_year(seconds: float) -> float:
    if not 0 <= seconds <= YEAR:
        raise fault(f"expected at most {format_duration(YEAR)}")
    return seconds


def _address(raw: object) -> Address:
    if not isinstance(raw, str):
        raise fault(f"expected host:port, [v6]:port or unix:/path, got {shown(raw)}")
    try:
        return Address.parse(raw)
    except ValueError as error:
        raise fault(str(error)) from None


def _server_address(raw: object) -> Address:
    address = _address(raw)
    if address.path:
        return address
    if not address.host:
        raise fault("a real server needs a host", "* is for listening only")
    if not address.port:
        raise fault("a real server needs a port from 1 to 65535, got 0")
    return address


def _listening_address(raw: object) -> Address:
    address = _address(raw)
    if address.is_name:
        hint = "localhost is 127.0.0.1 or [::1]" if address.host == "localhost" else ""
        raise fault(
            f"expected an IP address or * to listen on, got the name {address.host!r}", hint
        )
    return address


def _one_or_more(raw: object) -> object:
    if isinstance(raw, list) and not raw:
        raise fault("expected at least one address to listen on")
    if isinstance(raw, int | float):
        port = "" if isinstance(raw, bool) else f'write "*:{raw}" for all addresses'
        raise fault(f"expected an address to listen on, got {shown(raw)}", port)
    return [raw] if isinstance(raw, str) else raw


def _network(raw: object) -> Network:
    try:
        if isinstance(raw, str):
            return ipaddress.ip_network(raw)
    except ValueError as error:
        if "host bits" in str(error):
            network = ipaddress.ip_network(str(raw), strict=False)
            raise fault(
                f"{raw!r} names a host, not a network", f"did you mean {network}?"
            ) from None
    raise fault(f"expected a network such as 10.0.0.0/8 or 2001:db8::/32, got {shown(raw)}")


def _percent(raw: object) -> float:
    if isinstance(raw, str):
        text = raw.removesuffix("%")
        if text != raw and text.isascii() and text.isdigit() and int(text) <= 100:
            return int(text) / 100
    raise fault(f"expected a share from 0% to 100%, got {shown(raw)}")


Percent = Annotated[
    float, PlainValidator(_percent, json_schema_input_type=str), Written("percent", "50%")
]
Name = Annotated[str, AfterValidator(_name)]
Token = Annotated[str, AfterValidator(_token), Written("name of a header", "User-Agent")]
Seconds = Annotated[Duration, AfterValidator(_in_a_year)]
Count = Annotated[StrictInt, Field(ge=0, le=2**31)]
AtLeastOne = Annotated[StrictInt, Field(ge=1, le=2**31)]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Weight = Annotated[StrictInt, Field(ge=0, le=65535)]
Switch = StrictBool
ServerAddress = Annotated[
    Address,
    PlainValidator(_server_address, json_schema_input_type=str),
    Written("address", "127.0.0.1:8081"),
]
ListeningAddress = Annotated[
    Address, PlainValidator(_listening_address, json_schema_input_type=str)
]
Listening = Annotated[
    tuple[ListeningAddress, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
    Written("address to listen on, or a list of them", "127.0.0.1:8080"),
]
NetworkText = Annotated[
    Network,
    PlainValidator(_network, json_schema_input_type=str),
    Written("network", "10.0.0.0/8"),
]
