"""``pointsman rules types``."""

from pathlib import Path

from click.testing import CliRunner

from pointsman_rules.commands.group import rules
from pointsman_rules.lab.typing_files import definitions


def test_both_files_are_written_and_an_old_one_stays(tmp_path: Path) -> None:
    result = CliRunner().invoke(rules, ["types", str(tmp_path)])
    assert result.exit_code == 0
    assert (tmp_path / "types" / "pointsman.lua").read_text() == definitions()
    settings = tmp_path / ".luarc.json"
    settings.write_text("{}")
    result = CliRunner().invoke(rules, ["types", str(tmp_path)])
    assert settings.read_text() == "{}"
    assert "is there already" in result.output
