"""How values are stored: with their key, in the order of their ends, and counted."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import pytest

from pointsman_persistence.lmdb_file import PinFile, opened
from pointsman_persistence.lmdb_value_store import ValueStore, int_end
from pointsman_persistence.value_changes import Held


@pytest.fixture
def file(tmp_path: Path) -> Any:
    file = opened(tmp_path / "pins", lambda: 0.0, lambda: 0.0, "boot")
    yield file
    file.release(object())  # type: ignore[arg-type]


def test_they_come_in_the_order_of_their_ends(file: PinFile) -> None:
    store = ValueStore(file, "v")
    keys = {name: store.stored(name) for name in (b"a", b"b", b"c", b"d" * 300)}
    ends = dict(zip(keys, (30.0, inf, 10.0, 20.0), strict=True))

    def put(txn: Any) -> None:
        for name, stored in keys.items():
            store.put(txn, stored, None, Held("x", ends[name]))

    file.write(put)
    assert store.count() == 4
    assert store.first_end() == 10
    file.write(lambda txn: store.make_room(txn, 2, {keys[b"c"]}.__contains__))
    left = [name for name, stored in keys.items() if store.get(stored) is not None]
    assert left == [b"b", b"c"]
    assert store.count() == 2

    def change(txn: Any) -> None:
        store.put(txn, keys[b"c"], Held("x", 10.0), Held("y", 50.0))
        store.put(txn, keys[b"b"], Held("x", inf), None)

    file.write(change)
    assert store.first_end() == 50
    found: list[int] = []
    file.write(lambda txn: found.append(store.forget_over(txn, 60.0, 10)))
    assert (found, store.count(), store.first_end()) == ([1], 0, None)


def test_ends_beyond_all_times_are_the_last() -> None:
    assert int_end(Held(1, inf)) == int_end(Held(1, 1e300)) == 2**32 - 1
    assert int_end(Held(1, -5.0)) == 0
