"""Scenario files."""

from pathlib import Path

import pytest

from pointsman_rules.lab.scenario import ScenarioError, read_scenario


def read(folder: Path, text: str) -> object:
    path = folder / "a.test.yaml"
    path.write_text(text)
    return read_scenario(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule: [", "a.test.yaml"),
        ("rule: a.lua", "cases: Field required"),
        ("rule: a.lua\ncases: []", "cases"),
        ("rule: a.lua\ncases: [{name: n, steps: [{expct: {}}]}]", "cases.0.steps.0.expct"),
        ("rule: a.lua\ncases: [{name: n, steps: [{after: 5}]}]", "duration"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        read_scenario(tmp_path / "none")
