"""``pointsman new``: templates are listed, filled, and never written over what is there."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from pointsman.app.cli import main


def new(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["new", *arguments])


def test_without_a_name_it_lists_what_there_is() -> None:
    told = new().output
    assert "web: one web site over HTTP" in told
    assert "    listen = 127.0.0.1:8080    where clients arrive" in told


def test_it_prints_a_configuration_with_the_values_given() -> None:
    result = new("web", "--set", "listen=127.0.0.1:80", "--set", "name = shop")
    assert result.exit_code == 0
    assert 'listen: "127.0.0.1:80"\n' in result.output
    assert "  shop:\n" in result.output


def test_what_it_writes_is_fine(tmp_path: Path) -> None:
    path = str(tmp_path / "site.yaml")
    assert new("tcp", "-o", path).exit_code == 0
    result = CliRunner().invoke(main, ["check", path])
    assert result.exit_code == 0, result.output


def test_a_file_that_is_there_stays_as_it_is_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("mine")
    result = new("web", "-o", str(path))
    assert result.exit_code == 1
    assert "is there already; --force writes over it" in result.output
    assert path.read_text() == "mine"
    assert new("web", "-o", str(path), "--force").exit_code == 0
    assert path.read_text().startswith("# Made by `pointsman new web`")


def test_what_cannot_be_is_an_error(tmp_path: Path) -> None:
    for arguments in (["wbe"], ["web", "--set", "x=1"], ["web", "-o", str(tmp_path / "no/site")]):
        result = new(*arguments)
        assert result.exit_code == 1
        assert result.output.startswith("pointsman: ")
    assert new("web", "--set", "listen").exit_code == 2
