"""Tests of how the pins of one table are stored; what they mean is told by the table's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman_persistence.lmdb_changes import Known
from pointsman_persistence.lmdb_file import PinFile, opened
from pointsman_persistence.lmdb_pool import LONGEST_KEY, PinPool


@pytest.fixture
def file(tmp_path: Path) -> Iterator[PinFile]:
    file = opened(tmp_path / "pins")
    yield file
    file.env.close()


def filled(file: PinFile, name: str, **used: float) -> PinPool:
    pool = PinPool(file, name)
    with file.env.begin(write=True) as txn:
        counts = pool.members.read(txn)
        for key, moment in used.items():
            known = Known("a", 0.0, moment)
            pool.insert(txn, pool.stored(key.encode()), key.encode(), known, counts)
        pool.members.write(txn, counts)
    return pool


def left(pool: PinPool) -> list[bytes]:
    return [key for part in pool.slices(100) for key, _ in part]


def test_a_pin_is_small(file: PinFile) -> None:
    pool = filled(file, "web", k=5.0)
    with file.env.begin() as txn:
        cursor = txn.cursor(file.pins)
        assert cursor.first()
        assert len(cursor.key()) == 3 + 1
        assert len(cursor.value()) == 20
    assert pool.get(pool.stored(b"k")) == Known("a", 0.0, 5.0)


def test_keys_of_any_length_come_back_whole(file: PinFile) -> None:
    keys = [b"", b"x" * LONGEST_KEY, b"y" * (LONGEST_KEY + 1), bytes(range(256)) * 40]
    pool = PinPool(file, "web")
    with file.env.begin(write=True) as txn:
        counts = pool.members.read(txn)
        for key in keys:
            pool.insert(txn, pool.stored(key), key, Known("a", 0.0, 1.0), counts)
        pool.members.write(txn, counts)
    assert sorted(left(pool)) == sorted(keys)


def test_slices_are_no_longer_than_asked(file: PinFile) -> None:
    pool = filled(file, "web", **{f"k{n}": 1.0 for n in range(25)})
    filled(file, "zoo", other=1.0)
    assert [len(part) for part in pool.slices(10)] == [10, 10, 5]


def test_the_oldest_are_forgotten_first(file: PinFile) -> None:
    pool = filled(file, "web", c=30.0, a=10.25, d=40.0, b=20.0, e=10.75)
    filled(file, "zoo", other=1.0)
    assert pool.oldest() == 10
    with file.env.begin(write=True) as txn:
        assert pool.forget_over(txn, 10.5, 100) == 1
        assert pool.forget_over(txn, 25.0, 1) == 1
    assert sorted(left(pool)) == [b"b", b"c", b"d"]
    with file.env.begin(write=True) as txn:
        counts = pool.members.read(txn)
        pool.make_room(txn, 1, {pool.stored(b"b")}.__contains__, counts)
        pool.members.write(txn, counts)
    assert sorted(left(pool)) == [b"b", b"d"]
    assert pool.counts() == {"a": 2}
    assert PinPool(file, "nothing in it").oldest() is None
