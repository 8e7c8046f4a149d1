"""Persistence in the box: remembers which member a client belongs to, one kind a file."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer
from pointsman.hookspecs import hookimpl
from pointsman_persistence import (
    active_cookie_settings,
    authorization,
    client_certificate,
    cookie_hash,
    header,
    host,
    lmdb_values,
    memory_table,
    query,
    rdp_cookie,
    server_cookie,
    source_ip,
    tls_session,
    uri,
    valkey_settings,
)


@hookimpl
def persistences() -> Mapping[str, Offer]:
    """The kinds of persistence by the name that ``persistence:`` takes."""
    return {
        "active_cookie": active_cookie_settings.OFFER,
        "authorization": authorization.OFFER,
        "client_certificate": client_certificate.OFFER,
        "cookie_hash": cookie_hash.OFFER,
        "header": header.OFFER,
        "host": host.OFFER,
        "query": query.OFFER,
        "rdp_cookie": rdp_cookie.OFFER,
        "server_cookie": server_cookie.OFFER,
        "source_ip": source_ip.OFFER,
        "tls_session": tls_session.OFFER,
        "uri": uri.OFFER,
    }


@hookimpl
def tables() -> Mapping[str, Offer]:
    """The tables by the name that ``table:`` takes."""
    return {
        "memory": memory_table.OFFER,
        "lmdb": lmdb_values.OFFER,
        "valkey": valkey_settings.OFFER,
    }
