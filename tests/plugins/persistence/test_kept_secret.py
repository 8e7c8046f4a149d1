"""A secret that is made once."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.logs import noted_log
from pointsman_persistence.kept_secret import NAME, kept_secret


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    secret = kept_secret(folder)
    assert len(secret) == 32
    assert kept_secret(folder) == secret
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert os.listdir(folder) == [NAME]


def test_whoever_comes_at_the_same_time_has_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {*pool.map(lambda _: kept_secret(tmp_path), range(32))}
    assert len(found) == 1
    assert os.listdir(tmp_path) == [NAME]


def test_each_place_has_its_own(tmp_path: Path) -> None:
    assert kept_secret(tmp_path / "one") != kept_secret(tmp_path / "other")


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_where_nothing_can_be_written_it_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with noted_log() as events:
        assert len(kept_secret(tmp_path / place)) == 32
    assert "signed by a key that is lost" in events[0]["log_format"]
