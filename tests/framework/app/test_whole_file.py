"""A file is the old one or the new one, whatever happens while it is written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kit.killed import killed_at_each_line
from pointsman.app import whole_file
from pointsman.app.whole_file import may_write, write_whole

OLD, NEW = b"the old text\n" * 1000, b"the new one\n" * 2000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_bytes(OLD)
    return path


def test_rights_and_owner_are_kept(path: Path) -> None:
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    owner = path.stat().st_uid, path.stat().st_gid
    write_whole(path, NEW)
    there = path.stat()
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(there.st_mode) == 0o640
    assert (there.st_uid, there.st_gid) == owner
    assert [*path.parent.iterdir()] == [path]


def test_extended_attributes_are_kept(path: Path) -> None:
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has none")
    write_whole(path, NEW)
    assert os.getxattr(path, "user.note") == b"mine"


def test_a_link_stays_one(path: Path) -> None:
    link = path.parent / "link.yaml"
    link.symlink_to("site.yaml")
    write_whole(link, NEW)
    assert link.is_symlink()
    assert path.read_bytes() == NEW


def test_a_new_file_has_the_rights_that_it_is_given(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", NEW, 0o604)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604
    write_whole(tmp_path / "secret", NEW)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_what_fails_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, NEW)
    assert path.read_bytes() == OLD
    assert [*path.parent.iterdir()] == [path]


def test_killed_at_any_moment_the_file_is_whole(path: Path) -> None:
    seen = set()
    for _ in killed_at_each_line(lambda: write_whole(path, NEW), whole_file):
        seen.add(path.read_bytes())
        assert seen <= {OLD, NEW}
        assert {each.name for each in path.parent.iterdir()} <= {
            "site.yaml",
            ".site.yaml.pointsman-draft",
        }
        path.write_bytes(OLD)
    assert seen == {OLD, NEW}
    # The last one came to its end, and has cleaned up behind all the others.
    assert path.read_bytes() == NEW
    assert [*path.parent.iterdir()] == [path]


def test_what_cannot_be_replaced_is_known_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert may_write(path) == ""
    assert may_write(path.parent / "new") == ""
    assert "cannot be replaced" in may_write(path.parent / "nowhere" / "new")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "belongs to another user" in may_write(path)
