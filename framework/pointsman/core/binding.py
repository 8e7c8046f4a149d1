"""Logins of connections: with NTLM it is the connection that is logged in, not the request.

Such a connection to a server must never carry requests of anybody else, and all requests of its
client must go by it (DESIGN 5.9). RFC 4559 section 6 warns of proxies that do not know that.
"""

from __future__ import annotations

from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.model.message import RequestHead, ResponseHead

_UNAUTHORIZED: Final = 401
# Negotiate may be Kerberos, request by request; which one it is no proxy can tell for sure.
_SCHEMES: Final = frozenset((b"ntlm", b"negotiate"))


def may_log_in(request: RequestHead, response: ResponseHead) -> bool:
    """Whether it is worth a closer look: a cheap question, asked of every response."""
    return response.status == _UNAUTHORIZED or request.seen & f.AUTHORIZATION != 0


def logs_in_connection(request: RequestHead, response: ResponseHead) -> bool:
    """Whether the client logs its connection in, or is asked to."""
    if request.seen & f.AUTHORIZATION:
        for mark in request.marks:
            if mark.bit == f.AUTHORIZATION and _scheme(mark.value) in _SCHEMES:
                return True
    if response.status != _UNAUTHORIZED:
        return False
    # A challenge may stand behind a comma, as may the parameter of another one; a parameter
    # with such a name would cost a connection of its own, and nothing else.
    return any(
        _scheme(part) in _SCHEMES
        for value in response.headers.get_all(b"WWW-Authenticate")
        for part in value.split(b",")
    )


def _scheme(value: bytes) -> bytes:
    return value.strip(b" \t").partition(b" ")[0].lower()
