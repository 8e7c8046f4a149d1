"""``pointsman rules check``."""

from pathlib import Path

from click.testing import CliRunner

from pointsman_rules.commands.group import rules


def test_remarks_have_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.lua"
    path.write_text("local x = ('y'):match('.-a.-b')")
    result = CliRunner().invoke(rules, ["check", str(path)])
    assert result.exit_code == 0
    assert f"{path}:1: warning: the pattern" in result.output
    path.write_text("nothing()")
    result = CliRunner().invoke(rules, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{path}:1: error: there is no global 'nothing'" in result.output
