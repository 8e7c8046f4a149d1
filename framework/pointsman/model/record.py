"""The facts of a finished exchange or tunnel: what logs, metrics and event hooks are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pointsman.model.message import RequestHead

# How an exchange ended ("termination" of a record). One word each, stable: people search for them.
OK: Final = "ok"
CLIENT_ERROR: Final = "client_error"  # the request was malformed or over a limit; we refused it
CLIENT_ABORTED: Final = "client_aborted"  # the client went away before the end
CLIENT_TIMEOUT: Final = "client_timeout"  # the client was silent for too long
NO_SERVER: Final = "no_server"  # no member could take it
CONNECT_FAILED: Final = "connect_failed"  # refused, unreachable or timed out, all attempts
UPSTREAM_TIMEOUT: Final = "upstream_timeout"  # connected, but silent for too long
UPSTREAM_ERROR: Final = "upstream_error"  # an answer that is not HTTP, or no answer at all
UPSTREAM_ABORTED: Final = "upstream_aborted"  # the answer broke off in its middle
OVERLOADED: Final = "overloaded"  # a connection limit of ours refused it
DROPPED: Final = (
    "dropped"  # its server was taken out, and the pool says that nothing is to be left there
)
STOPPED: Final = "stopped"  # we were stopping and its time was over
PLUGIN_ERROR: Final = "plugin_error"  # a plugin raised; the log of the program says more
RULE: Final = "rule"  # a rule has answered, refused it, or closed the connection


class ExchangeRecord(NamedTuple):
    """One finished exchange (http mode) or tunnel (tcp mode, or after 101).

    Attributes:
        time: end of it, seconds since the epoch.
        service: name of the virtual service.
        client_ip: client address (the real one behind trusted proxies).
        client_port: port of the peer.
        method: request method, b"" in tcp mode or when no request could be read.
        target: request target, b"" likewise.
        minor: HTTP minor version of the request.
        status: response status sent to the client, 0 if none was sent.
        bytes_in: body bytes received from the client.
        bytes_out: body bytes sent to the client.
        server: name of the real server that answered, "" if none.
        pin: how the member was chosen: "pinned", "new", "none" (nothing to pin), "bound" (the
            client is logged in on a connection to it), "" (not chosen).
        attempts: how many servers were tried.
        connect: seconds until the upstream connection was there; 0.0 when reused, -1.0 if never.
        first_byte: seconds from the request head to the first response byte, -1.0 if never.
        total: seconds from the first request byte to the end.
        request_id: unique id of this exchange.
        termination: one of the words above.
        request: its head, for logs that want a header; None if none could be read.
        server_name: the name the client asked for by SNI, "" if none or without TLS.
        fields: what rules want to have logged, by name; None if they said nothing.
    """

    time: float
    service: str
    client_ip: str
    client_port: int
    method: bytes
    target: bytes
    minor: int
    status: int
    bytes_in: int
    bytes_out: int
    server: str
    pin: str
    attempts: int
    connect: float
    first_byte: float
    total: float
    request_id: str
    termination: str
    request: RequestHead | None
    server_name: str = ""
    fields: Mapping[str, str] | None = None
