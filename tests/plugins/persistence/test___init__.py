"""What this plugin offers."""

import pointsman_persistence
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


def test_these_are_offered() -> None:
    assert dict(pointsman_persistence.persistences()) == {
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
    assert dict(pointsman_persistence.tables()) == {
        "memory": memory_table.OFFER,
        "lmdb": lmdb_values.OFFER,
        "valkey": valkey_settings.OFFER,
    }
