"""Where the control socket lies: for the program, and for commands that read no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.offers import registry_of
from pointsman.config.control_place import control_place, find_control_place
from pointsman.config.load import load, load_mapping
from pointsman.model.errors import ConfigError


def written(folder: Path, text: str, name: str = "site.yaml") -> str:
    path = folder / name
    path.write_text(f"version: 1\n{text}")
    return str(path)


def both(path: str) -> Path | None:
    """What the program and a command find, which must be the same."""
    found = find_control_place(path)
    assert control_place(load(path, registry_of(), {})) == found
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("control: {socket: run/site.control}\n", "run/site.control"),
        ("control: {socket: /run/site.control}\n", "/run/site.control"),
        ("state_dir: state\ncontrol: {socket: here}\n", "here"),
    ],
)
def test_a_path_begins_beside_its_file(tmp_path: Path, text: str, name: str) -> None:
    assert both(written(tmp_path, text)) == tmp_path / name


@pytest.mark.parametrize(
    "text", ["", "control: {}\n", "control:\nstate_dir:\n", "control: off\nstate_dir: state\n"]
)
def test_there_need_be_none(tmp_path: Path, text: str) -> None:
    assert both(written(tmp_path, text)) is None


def test_by_default_it_is_in_state_dir_and_bears_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    text = f"state_dir: {tmp_path}/state\n"
    one, two = both(written(tmp_path, text)), both(written(tmp_path / "other", text))
    assert one is not None
    assert two is not None
    assert one.parent == two.parent == tmp_path / "state"
    assert one.name.startswith("site-")
    assert one.name.endswith(".control")
    assert one != two  # both may share the folder, as they may share their pins


def test_the_file_is_the_same_by_whatever_path_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "state_dir: state\n")
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "link.yaml").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    names = ["site.yaml", path, str(tmp_path / "link" / "site.yaml"), str(tmp_path / "link.yaml")]
    found = {place.name for name in names if (place := both(name)) is not None}
    assert len(found) == 1


def test_an_included_file_may_say_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    written(tmp_path / "parts", "control: {socket: here}\n", "control.yaml")
    path = written(tmp_path, "include: [parts/*.yaml]\n")
    assert both(path) == tmp_path / "parts" / "here"


def test_the_rest_of_the_file_may_be_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, "control: {socket: here}\npols: {}\nvirtual_services: {a: 3}\n")
    assert find_control_place(path) == tmp_path / "here"


@pytest.mark.parametrize(
    "rest", ["a: [\n", "virtual_services:\n  a: {listen: *:80}\n", "a: 1\na: 2\n"]
)
def test_what_is_no_yaml_is_not_in_the_way(tmp_path: Path, rest: str) -> None:
    path = written(tmp_path, f"pools:\n  web: {{}}\ncontrol:\n  # where\n  socket: here\n{rest}")
    assert find_control_place(path) == tmp_path / "here"


def test_what_is_no_yaml_is_not_in_the_way_of_one_that_includes_others(tmp_path: Path) -> None:
    path = written(tmp_path, "include: other.yaml\nstate_dir: kept\nb: 'c\n")
    place = find_control_place(path)
    assert place is not None
    assert place.parent == tmp_path / "kept"


def test_a_mistake_in_what_is_looked_at_is_told_at_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "pools:\n  web: {}\ncontrol:\n  sockt: here\n")
    with pytest.raises(ConfigError, match=r"site\.yaml:5:3: control\.sockt"):
        find_control_place(path)


def test_in_code_there_is_none_by_default() -> None:
    kept = {"version": 1, "state_dir": "state"}
    assert control_place(load_mapping(kept, registry_of(), {})) is None
    named = {"version": 1, "control": {"socket": "/run/here"}}
    assert control_place(load_mapping(named, registry_of(), {})) == Path("/run/here")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("control: {sockt: here}\n", "2:11: control.sockt: this key is not known here"),
        ("control: {socket: [a]}\n", "control.socket"),
        ("control: 3\n", "2:10: control: "),
        ("state_dir: {}\n", "state_dir: expected a path"),
        ("a: [\n", "site.yaml:"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        find_control_place(written(tmp_path, text))
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read it: No such file"):
        find_control_place(str(tmp_path / "none.yaml"))
