"""What was in force is kept: not too much of it, over restarts, and readable or said not to be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pointsman.app.revisions import COMMAND, MOST_TOLD, SIGNAL, START, SUFFIX, Revisions, files_of
from pointsman.config.includes import Source
from pointsman.config.state_dir import own_name
from pointsman.model.errors import ReloadError

NOW = 1_700_000_000.0


def source(text: str) -> tuple[Source, ...]:
    return (Source("/etc/site.yaml", text), Source("/etc/conf.d/a.yaml", "a: b\r\n"))


def folder_in(state_dir: Path) -> Path:
    return state_dir / own_name("/etc/site.yaml", SUFFIX)


def revisions(state_dir: Path | None, most: int = 50) -> Revisions:
    made = Revisions(lambda: NOW, most)
    made.keep_in(state_dir, source(""))
    return made


@pytest.fixture(params=["folder", "memory"])
def state_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "folder" else None


def test_each_is_kept_as_a_whole(state_dir: Path | None) -> None:
    kept = revisions(state_dir)
    first = kept.add(START, (), source("é: 1"))
    second = kept.add(SIGNAL, ["pool web added"], source("two"), 1)
    assert (first.number, first.at, first.by, first.changes) == (1, NOW, "start", ())
    assert (second.number, second.changes, second.restores) == (2, ("pool web added",), 1)
    assert second.files == source("two")
    assert kept.all() == [first, second]
    assert kept.get(1) == first
    assert kept.before(2) == 1
    assert kept.latest == 2


def test_the_oldest_make_room(state_dir: Path | None) -> None:
    kept = revisions(state_dir, 3)
    for number in range(6):
        kept.add(COMMAND, (), source(str(number)))
    assert kept.numbers == [4, 5, 6]
    with pytest.raises(ReloadError, match="no revision 3; kept are 4 to 6"):
        kept.get(3)
    with pytest.raises(ReloadError, match="no revision before 4"):
        kept.before(4)


def test_changes_are_counted_and_the_first_are_told(state_dir: Path | None) -> None:
    kept = revisions(state_dir)
    added = kept.add(COMMAND, [f"change {n}" for n in range(1000)], source(""))
    assert kept.get(1) == added
    assert (len(added.changes), added.count) == (MOST_TOLD, 1000)


def test_none_is_kept_at_first(state_dir: Path | None) -> None:
    with pytest.raises(ReloadError, match="no revision 1; none is kept"):
        revisions(state_dir).get(1)


def test_names_hold_wherever_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert files_of([Source("site.yaml", "")]) == (Source(f"{tmp_path}/site.yaml", ""),)


def test_two_programs_may_share_a_folder(tmp_path: Path) -> None:
    kept, other = revisions(tmp_path), Revisions()
    kept.add(START, (), source("1"))
    assert other.start(tmp_path, [Source("/etc/other.yaml", "2")]).number == 1
    assert len([*tmp_path.iterdir()]) == 2


def test_what_was_given_in_code_is_kept_in_memory(tmp_path: Path) -> None:
    kept = Revisions()
    kept.start(tmp_path, ())
    assert (kept.numbers, [*tmp_path.iterdir()]) == ([1], [])


# ---- over a restart ----


def test_a_start_with_what_was_in_force_is_no_new_one(tmp_path: Path) -> None:
    former = revisions(tmp_path)
    former.start(tmp_path, source("1"))
    last = former.add(SIGNAL, ["x"], source("2"))
    again = Revisions()
    assert again.start(tmp_path, source("2")) == last
    assert again.numbers == [1, 2]
    other = Revisions(lambda: NOW).start(tmp_path, source("3"))
    assert (other.number, other.by) == (3, START)


def test_before_are_only_those_with_other_files(state_dir: Path | None) -> None:
    kept = revisions(state_dir)
    kept.add(START, (), source("1"))
    kept.add(SIGNAL, ["x"], source("2"))
    kept.add(SIGNAL, ["a certificate"], source("2"))
    assert kept.before_files(3, files_of(source("2"))) == 1
    kept.add(SIGNAL, ["y"], source("3"))
    kept.add(SIGNAL, ["back"], source("2"), 3)
    kept.add(SIGNAL, ["and again"], source("2"), 5)
    assert kept.before_files(6, files_of(source("2"))) == 1
    with pytest.raises(ReloadError, match="no revision before 1 is kept"):
        kept.before_files(1, files_of(source("1")))


def test_only_their_owner_may_read_them(tmp_path: Path) -> None:
    revisions(tmp_path).add(START, (), source("1"))
    (file,) = (folder_in(tmp_path)).iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_numbers_go_on_in_another_folder(tmp_path: Path) -> None:
    kept = revisions(None)
    kept.add(START, (), source("1"))
    kept.add(START, (), source("2"))
    kept.keep_in(tmp_path, source(""))
    assert kept.add(SIGNAL, (), source("3")).number == 3
    # What is in memory is not forgotten.
    assert kept.numbers == [1, 2, 3]
    assert kept.get(1).files == source("1")


def test_what_cannot_be_read_is_said_and_left_out(tmp_path: Path) -> None:
    kept = revisions(tmp_path)
    for number in (1, 2, 3):
        kept.add(START, (), source(str(number)))
    folder = folder_in(tmp_path)
    (folder / "00000002.json").write_text('{"number": 2')
    (folder / "notes.json").write_text("not ours")
    (folder / "00000004.json").mkdir()
    assert [each.number for each in kept.all()] == [1, 3]
    with pytest.raises(ReloadError, match="is no revision of ours"):
        kept.get(2)
    with pytest.raises(ReloadError, match="cannot be read: Is a directory"):
        kept.get(4)


def test_what_cannot_be_written_is_kept_in_memory(tmp_path: Path) -> None:
    (folder_in(tmp_path)).write_text("in the way")
    kept = revisions(tmp_path)
    added = kept.add(START, (), source("1"))
    assert kept.all() == [added]
    (folder_in(tmp_path)).unlink()
    kept.add(SIGNAL, (), source("2"))
    assert [each.name for each in (folder_in(tmp_path)).iterdir()] == ["00000002.json"]
    assert kept.numbers == [1, 2]
