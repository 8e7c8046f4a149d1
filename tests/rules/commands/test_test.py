"""``pointsman rules test``."""

from pathlib import Path

from click.testing import CliRunner

from pointsman_rules.commands.group import rules

GOOD = "rule: a.lua\ncases: [{name: good, steps: [{}]}]"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(rules, ["test", *arguments])
    return result.exit_code, result.output


def test_results_are_told_and_written(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("")
    (tmp_path / "a.test.yaml").write_text(GOOD)
    report = tmp_path / "report.xml"
    assert run(str(tmp_path)) == (0, "1 cases in 1 files, 0 failed\n")
    bad = tmp_path / "b.test.yaml"
    bad.write_text(GOOD.replace("{}", "{expect: {status: 1}}").replace("good", "bad"))
    (tmp_path / "c.test.yaml").write_text("nonsense")
    status, told = run(str(tmp_path), "--junit", str(report), "--engine", "luajit")
    assert status == 1
    assert f"FAILED {bad}: bad\n       step 1: status is 200, not 1\n" in told
    assert "c.test.yaml" in told
    assert told.endswith("3 cases in 3 files, 2 failed\n")
    assert 'failures="2"' in report.read_text()


def test_nothing_to_play_is_a_failure(tmp_path: Path) -> None:
    status, told = run(str(tmp_path))
    assert status == 1
    assert "NAME.test.yaml" in told
