"""The four commands stand under `pointsman cert`, and the program gives them what they need."""

from pathlib import Path

from click.testing import CliRunner

from pointsman.app.cli import main
from pointsman_ssl.commands.group import cert


def test_the_commands() -> None:
    assert sorted(cert.commands) == ["import", "list", "selfsigned", "show"]


def test_the_program_reads_the_configuration_for_them(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["cert", "selfsigned", "a.example", "--to", str(tmp_path)])
    assert run.exit_code == 0, run.output
    file = tmp_path / "site.yaml"
    file.write_text("version: 1\ncertificates: {a: {pem: a.example.pem, key: a.example.key}}\n")
    run = CliRunner().invoke(main, ["cert", "list", str(file)])
    assert run.exit_code == 0, run.output
    assert "a.example" in run.output
    file.write_text("version: 1\ncertificates: {a: {pem: gone.pem}}\n")
    run = CliRunner().invoke(main, ["cert", "list", str(file)])
    assert run.exit_code == 1
    assert "certificates.a.pem: cannot read" in run.stderr
