"""Tests of the members in a file: numbers and counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lmdb
import pytest

from pointsman_persistence.lmdb_members import MemberCounts


@pytest.fixture
def env(tmp_path: Path) -> Iterator[lmdb.Environment]:
    env = lmdb.Environment(str(tmp_path), max_dbs=1)
    yield env
    env.close()


def test_counts_are_kept_for_each_table_by_itself(env: lmdb.Environment) -> None:
    meta = env.open_db(b"meta")
    one, other = MemberCounts(meta, b"\x00\x01"), MemberCounts(meta, b"\x00\x02")
    with env.begin(write=True) as txn:
        assert one.read(txn) == {}
        assert [one.number(name) for name in ("a", "server-ü", "a")] == [1, 2, 1]
        one.write(txn, {"a": 3, "server-ü": -1})
        other.number("z")
        other.write(txn, {"z": 9})
    with env.begin() as txn:
        again = MemberCounts(meta, b"\x00\x01")
        assert again.read(txn) == {"a": 3, "server-ü": 0}
        assert again.names == {1: "a", 2: "server-ü"}
        assert other.read(txn) == {"z": 9}


def test_a_number_that_was_never_written_is_given_again(env: lmdb.Environment) -> None:
    meta = env.open_db(b"meta")
    one, two = MemberCounts(meta, b"\x00\x01"), MemberCounts(meta, b"\x00\x01")
    with env.begin(write=True) as txn:
        one.read(txn)
        assert one.number("a") == 1
        txn.abort()
    with env.begin(write=True) as txn:
        two.read(txn)
        assert two.number("b") == 1
        two.write(txn, {"b": 1})
    with env.begin() as txn:
        one.read(txn)
        assert one.names == {1: "b"}
        assert one.number("a") == 2
