"""Files are put back, all or none, and never over what somebody has written since."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kit.killed import killed_at_each_line
from pointsman.app import restoring, whole_file
from pointsman.app.restoring import put_back, take_back
from pointsman.config.includes import Source
from pointsman.model.errors import ReloadError

OLD = {"site.yaml": "old site\r\n", "more.yaml": "old more\n"}
NEW = {"site.yaml": "new site\n", "more.yaml": "new more\n"}


def sources(folder: Path, texts: dict[str, str]) -> list[Source]:
    return [Source(str(folder / name), text) for name, text in texts.items()]


def write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def found(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, NEW)
    return tmp_path


def test_they_are_as_they_were_and_can_be_taken_back(folder: Path) -> None:
    former = put_back(sources(folder, OLD), sources(folder, NEW))
    assert found(folder) == OLD
    take_back(former)
    assert found(folder) == NEW


def test_what_is_the_same_is_not_touched(folder: Path) -> None:
    before = (folder / "more.yaml").stat().st_mtime_ns
    put_back(sources(folder, {**NEW, "site.yaml": "old"}), sources(folder, NEW))
    assert (folder / "more.yaml").stat().st_mtime_ns == before
    assert (folder / "site.yaml").read_text() == "old"


def test_what_somebody_has_changed_is_not_lost(folder: Path) -> None:
    (folder / "more.yaml").write_text("by hand\n")
    with pytest.raises(ReloadError, match=r"more\.yaml was changed since"):
        put_back(sources(folder, OLD), sources(folder, NEW))
    assert found(folder) == {**NEW, "more.yaml": "by hand\n"}
    former = put_back(sources(folder, OLD), sources(folder, NEW), force=True)
    assert found(folder) == OLD
    take_back(former)
    assert found(folder) == {**NEW, "more.yaml": "by hand\n"}


def test_what_is_there_already_needs_no_force(folder: Path) -> None:
    write(folder, OLD)
    assert put_back(sources(folder, OLD), sources(folder, NEW)) == []


def test_a_file_that_is_missed_comes_back(folder: Path) -> None:
    (folder / "more.yaml").unlink()
    present = sources(folder, {"site.yaml": "new site\n"})
    former = put_back(sources(folder, OLD), present)
    assert found(folder) == OLD
    take_back(former)
    assert found(folder) == {"site.yaml": "new site\n"}


def test_a_file_that_has_come_since_is_in_the_way(folder: Path) -> None:
    old = sources(folder, {"site.yaml": "old site\n"})
    with pytest.raises(ReloadError, match=r"more\.yaml is no part of that revision"):
        put_back(old, sources(folder, NEW), force=True)
    (folder / "more.yaml").unlink()
    put_back(old, sources(folder, NEW))
    assert found(folder) == {"site.yaml": "old site\n"}


def test_a_failure_half_way_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if target.name == "more.yaml" and target.read_text() == "new more\n":
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(ReloadError, match=r"more\.yaml cannot be written: Input/output error"):
        put_back(sources(folder, OLD), sources(folder, NEW))
    assert found(folder) == NEW


def test_a_folder_that_may_not_be_written_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ReloadError, match="cannot be replaced by the user"):
        put_back(sources(folder, OLD), sources(folder, NEW))
    assert found(folder) == NEW


def test_a_file_that_cannot_be_read_is_said(folder: Path) -> None:
    (folder / "more.yaml").unlink()
    (folder / "more.yaml").mkdir()
    with pytest.raises(ReloadError, match=r"more\.yaml cannot be read: Is a directory"):
        put_back(sources(folder, OLD), sources(folder, NEW))


def test_killed_at_any_moment_each_file_is_whole(folder: Path) -> None:
    def work() -> None:
        put_back(sources(folder, OLD), sources(folder, NEW))

    killed = 0
    for number in killed_at_each_line(work, restoring, whole_file):
        killed = number
        for name in NEW:
            assert (folder / name).read_bytes().decode() in (OLD[name], NEW[name])
        write(folder, NEW)
    assert killed > 20
    assert found(folder) == OLD
