"""Clean pairs of files, for their owner only, whole or not at all."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pointsman_ssl.commands.files import as_yaml, safe_name, write_pair
from pointsman_ssl.opening import opened, read_files
from pointsman_ssl.selfsigned import self_signed

NOW = datetime.now(UTC)
MADE = self_signed("a", ["a.example"], NOW)


def test_a_pair_is_written_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    paths = write_pair(MADE, folder, "a")
    assert [path.name for path in paths] == ["a.pem", "a.key"]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert folder.stat().st_mode & 0o077 == 0
    assert opened("a", read_files(paths), [], NOW).identity.leaf == MADE.leaf
    assert sorted(os.listdir(folder)) == ["a.key", "a.pem"]


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_pair(MADE, tmp_path, "a")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a\nb", "a\\b"])
def test_names_that_cannot_be_files(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        safe_name(name)


@pytest.mark.parametrize("name", ["LyncWebPool", "FE Pool", "it's", "true: x", "a.example"])
def test_the_yaml_is_read_as_it_was_meant(name: str) -> None:
    text = as_yaml(name, Path("/etc/certs") / f"{name}.pem", Path("keys") / f"{name}.key")
    pair = {"pem": f"/etc/certs/{name}.pem", "key": f"keys/{name}.key"}
    assert YAML(typ="safe").load(text) == {"certificates": {name: pair}}
