"""Texts with placeholders, such as ``https://{host}{path}{?query}``: checked at load."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pointsman.contracts.rules import RuledExchange
from pointsman_rules.routes.texts import host_of, scheme_of

# What an earlier pattern of the same rule has found.
Groups = Sequence[str]
Fill = Callable[[RuledExchange, Groups], str]

_MARK = re.compile(r"\{([^{}]*)\}|[{}]")
# Nothing that a client says may end a line of a head.
_ENDS = str.maketrans("", "", "\r\n\0")


def _target(exchange: RuledExchange) -> bytes:
    request = exchange.request
    return request.target if request is not None else b"/"


def _path(exchange: RuledExchange, groups: Groups) -> str:
    return _target(exchange).partition(b"?")[0].decode("latin-1")


def _query(exchange: RuledExchange, groups: Groups) -> str:
    return _target(exchange).partition(b"?")[2].decode("latin-1")


def _question(exchange: RuledExchange, groups: Groups) -> str:
    query = _query(exchange, groups)
    return f"?{query}" if query else ""


def _method(exchange: RuledExchange, groups: Groups) -> str:
    request = exchange.request
    return request.method.decode("latin-1") if request is not None else ""


def _port(exchange: RuledExchange, groups: Groups) -> str:
    return str(exchange.connection.local_port)


KNOWN: Mapping[str, Fill] = {
    "host": lambda exchange, groups: host_of(exchange),
    "path": _path,
    "query": _query,
    "?query": _question,
    "scheme": lambda exchange, groups: scheme_of(exchange),
    "method": _method,
    "port": _port,
    "client": lambda exchange, groups: exchange.client_ip,
    "sni": lambda exchange, groups: exchange.connection.server_name,
    "request_id": lambda exchange, groups: exchange.request_id,
    "service": lambda exchange, groups: exchange.service,
    "pool": lambda exchange, groups: exchange.pool,
    "server": lambda exchange, groups: exchange.server,
}


def template(text: str) -> Fill:
    """A text whose placeholders are filled for each exchange.

    ``{name}`` is one of KNOWN, ``{1}`` a group of the pattern, ``{header:NAME}`` a header of the
    request. ``{{`` and ``}}`` are not special: braces that are none of these are an error.

    Raises:
        ValueError: an unknown placeholder, or a brace by itself.
    """
    parts: list[str | Fill] = []
    place = 0
    for mark in _MARK.finditer(text):
        if mark.start() > place:
            parts.append(text[place : mark.start()])
        parts.append(_placeholder(mark[1], text))
        place = mark.end()
    if place < len(text):
        parts.append(text[place:])
    if all(isinstance(part, str) for part in parts):
        return lambda exchange, groups: text

    def fill(exchange: RuledExchange, groups: Groups) -> str:
        filled = [
            part if isinstance(part, str) else part(exchange, groups).translate(_ENDS)
            for part in parts
        ]
        return "".join(filled)

    return fill


def _placeholder(name: str | None, text: str) -> Fill:
    if name is None:
        raise ValueError(f"a brace of {text!r} belongs to no placeholder")
    if name.isdigit():
        number = int(name)
        return lambda exchange, groups: groups[number] if number < len(groups) else ""
    if name.startswith("header:") and name != "header:":
        wanted = name.removeprefix("header:").encode("latin-1", "replace")
        return lambda exchange, groups: _header(exchange, wanted)
    if name not in KNOWN:
        known = ", ".join(f"{{{each}}}" for each in KNOWN)
        raise ValueError(
            f"{{{name}}} is no placeholder; there are {known}, {{1}} and {{header:NAME}}"
        )
    return KNOWN[name]


def _header(exchange: RuledExchange, name: bytes) -> str:
    request = exchange.request
    found = request.headers.get(name) if request is not None else None
    return (found or b"").decode("latin-1")
