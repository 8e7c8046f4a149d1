"""What a virtual service does when no server is left: decided at load, done by the core."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pointsman.model.headers import Field
from pointsman.model.message import RequestHead

# What may stand in the target of a redirect.
PLACEHOLDERS: Final = ("host", "path", "query", "uri")
PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")
# A Location is made of these bytes; whatever else a client sends is percent-encoded.
_UNSAFE: Final = re.compile(rb"[^!#-;=?-\[\]_a-z~]")


@dataclass(frozen=True, slots=True)
class SorryPool:
    """Another pool serves instead.

    Attributes:
        pool: its name.
    """

    pool: str


@dataclass(frozen=True, slots=True)
class RedirectAway:
    """Clients are sent elsewhere.

    Attributes:
        target: where to, with placeholders.
        status: 301, 302, 303, 307 or 308.
    """

    target: str
    status: int = 302

    def location(self, request: RequestHead) -> bytes:
        """Where the client of that request is sent."""
        path, query = request.path, request.query
        uri = path + b"?" + query if query else path
        host = request.host
        if not host.endswith(b"]"):
            name, colon, port = host.rpartition(b":")
            host = name if colon and port.isdigit() else host
        values = {"host": host, "path": path, "query": query, "uri": uri}
        parts = PLACEHOLDER.split(self.target)
        made = [
            values[part] if place % 2 else part.encode("ascii") for place, part in enumerate(parts)
        ]
        return _UNSAFE.sub(_encoded, b"".join(made))


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    """Clients get a fixed answer.

    Attributes:
        status: 200..599.
        body: whole.
        fields: of its head, without Content-Length.
    """

    status: int = 503
    body: bytes = b""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Connections are closed without an answer."""


WhenDown = SorryPool | RedirectAway | FixedAnswer | CloseConnection


def _encoded(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match[0][0]
