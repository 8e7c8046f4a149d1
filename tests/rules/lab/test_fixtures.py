"""The lab in pytest."""

from pathlib import Path

import pytest

from pointsman_rules.files import library_folder
from pointsman_rules.lab.fixtures import RuleLab, rule_lab

__all__ = ["rule_lab"]  # found here by its name


def test_a_good_scenario_passes(rule_lab: RuleLab) -> None:
    rule_lab(library_folder() / "canary.test.yaml", "luajit")


def test_a_bad_one_fails_with_what_is_wrong(rule_lab: RuleLab, tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("")
    path = tmp_path / "a.test.yaml"
    path.write_text("rule: a.lua\ncases: [{name: n, steps: [{expect: {status: 418}}]}]")
    with pytest.raises(pytest.fail.Exception, match="n: step 1: status is 200, not 418"):
        rule_lab(path)
