"""What this plugin offers."""

import pointsman_persistence
from pointsman_persistence import (
    active_cookie_settings,
    lmdb_table,
    memory_table,
    server_cookie,
    source_ip,
    valkey_settings,
)


def test_these_are_offered() -> None:
    assert dict(pointsman_persistence.persistences()) == {
        "active_cookie": active_cookie_settings.OFFER,
        "server_cookie": server_cookie.OFFER,
        "source_ip": source_ip.OFFER,
    }
    assert dict(pointsman_persistence.tables()) == {
        "memory": memory_table.OFFER,
        "lmdb": lmdb_table.OFFER,
        "valkey": valkey_settings.OFFER,
    }
