"""Tests of the folder for what is kept over a restart."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pointsman.app.state_dir import StateDirError, prepare


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_it_is_made_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "pointsman"
    prepare(folder)
    assert mode(folder) == 0o700
    prepare(folder)


def test_one_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    (folder / "kept").write_text("x")
    prepare(folder)
    assert mode(folder) == 0o700
    assert (folder / "kept").read_text() == "x"


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateDirError, match="no folder; move it away"):
        prepare(tmp_path / "state")
    with pytest.raises(StateDirError, match="Not a directory"):
        prepare(tmp_path / "state" / "below")


def test_one_of_another_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_ours(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / "state").mkdir(mode=0o755)
    monkeypatch.setattr(Path, "chmod", not_ours)
    with pytest.raises(StateDirError, match="must belong to the user that runs pointsman"):
        prepare(tmp_path / "state")


def test_one_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(StateDirError, match="cannot be written"):
        prepare(tmp_path)
