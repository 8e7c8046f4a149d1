"""``pointsman rules bench``."""

from pathlib import Path

from click.testing import CliRunner

from pointsman_rules.commands.group import rules


def test_a_line_for_each_event(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("on.request(function() end)")
    path = tmp_path / "a.test.yaml"
    path.write_text("rule: a.lua\ncases: [{name: n, steps: [{}]}]")
    result = CliRunner().invoke(rules, ["bench", "--times", "10", str(path)])
    assert result.exit_code == 0
    assert result.output.split()[:2] == ["a.test.yaml", "request"]
    path.write_text("nonsense")
    assert CliRunner().invoke(rules, ["bench", str(path)]).exit_code == 1
