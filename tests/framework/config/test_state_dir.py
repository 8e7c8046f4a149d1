"""Tests of where the folder for what is kept over a restart is."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.offers import registry_of
from pointsman.config.load import load, load_mapping
from pointsman.config.state_dir import state_dir_of
from pointsman.model.errors import ConfigError


def test_a_relative_path_begins_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "site.yaml").write_text("version: 1\ninclude: [parts/*.yaml]\n")
    (tmp_path / "parts" / "state.yaml").write_text("state_dir: kept\n")
    configuration = load(tmp_path / "site.yaml", registry_of(), {})
    assert state_dir_of(configuration) == tmp_path / "parts" / "kept"


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("version: 1\nstate_dir: /var/lib/x\n")
    assert state_dir_of(load(tmp_path / "site.yaml", registry_of(), {})) == Path("/var/lib/x")


def test_in_code_a_relative_path_begins_where_the_program_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configuration = load_mapping({"version": 1, "state_dir": "kept"}, registry_of(), {})
    assert state_dir_of(configuration) == tmp_path / "kept"


def test_there_need_be_none() -> None:
    assert state_dir_of(load_mapping({"version": 1}, registry_of(), {})) is None


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a path"):
        load_mapping({"version": 1, "state_dir": "a\nb"}, registry_of(), {})
