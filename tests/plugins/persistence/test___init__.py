"""Tests of what the persistence plugin offers."""

from __future__ import annotations

import pointsman_persistence
from pointsman_persistence import memory_table, source_ip


def test_these_are_offered() -> None:
    assert dict(pointsman_persistence.persistences()) == {"source_ip": source_ip.OFFER}
    assert dict(pointsman_persistence.tables()) == {"memory": memory_table.OFFER}
