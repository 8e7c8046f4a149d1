"""What a request says, as text: its path without tricks, its host, query and cookies."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from pointsman.contracts.rules import RuledExchange

_UNRESERVED = re.compile(r"(?i)%(2[de]|3[0-9]|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)")


def path_of(target: bytes) -> str:
    """The path of a request target, so that one resource has one spelling.

    Letters, digits, dots, hyphens, underscores and tildes are not percent-encoded, dot segments
    and repeated slashes are gone (RFC 3986 section 6.2.2). Only conditions see it like this.
    """
    path = target.partition(b"?")[0].decode("latin-1")
    if "%" in path:
        path = _UNRESERVED.sub(lambda found: chr(int(found[1], 16)), path)
    if "//" in path or "/." in path or "\\" in path:
        path = _without_dots(path.replace("\\", "/"))
    return path


def _without_dots(path: str) -> str:
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if kept:
                kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    ends = "/" if kept and parts[-1] in ("", ".", "..") else ""
    return f"/{'/'.join(kept)}{ends}"


def host_of(exchange: RuledExchange) -> str:
    """The host of the request in lower case, without port and without a dot at its end."""
    request = exchange.request
    host = request.host.decode("latin-1").lower() if request is not None else ""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")


def query_of(exchange: RuledExchange) -> list[tuple[str, str]]:
    """The parameters of the query, decoded, in order."""
    request = exchange.request
    if request is None or b"?" not in request.target:
        return []
    pairs = request.query.decode("latin-1").split("&")
    return [
        (unquote_plus(name, "latin-1"), unquote_plus(value, "latin-1"))
        for name, _, value in (pair.partition("=") for pair in pairs if pair)
    ]


def cookies_of(exchange: RuledExchange) -> list[tuple[str, str]]:
    """The cookies of the request, in order (RFC 6265 section 5.4)."""
    request = exchange.request
    if request is None:
        return []
    found = []
    for line in request.headers.get_all(b"cookie"):
        for pair in line.decode("latin-1").split(";"):
            name, _, value = pair.strip().partition("=")
            found.append((name, value.strip('"')))
    return found


def scheme_of(exchange: RuledExchange) -> str:
    """``https`` if TLS was taken off the connection, else ``http``."""
    return "https" if exchange.connection.secure else "http"
