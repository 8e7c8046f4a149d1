"""The way back while nothing runs: what is kept in the folder is enough."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.controlled_site import controlled_site
from pointsman.app.cli import main

SITE = """\
pools:
  web: {health: none, servers: {a: {address: 127.0.0.1:2, weight: 5}}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that was in force with weight 5 and then with 7; nothing runs by it any more."""
    with controlled_site(tmp_path, SITE) as site:
        site.path.write_text(site.path.read_text().replace("weight: 5", "weight: 7"))
        site.command("reload", "CONFIG")
    return site.path


def command(*words: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == status, result.output
    return result


def test_what_was_in_force_is_shown(path: Path) -> None:
    shown = command("history", str(path)).output
    assert [line.split()[0] for line in shown.splitlines()] == ["2", "pool", "1"]
    assert "in force" not in shown
    assert command("history", str(path), "--show", "2").output == path.read_text()
    assert json.loads(command("history", str(path), "--json").output)["revision"] is None
    assert "there is no revision 7" in command("history", str(path), "--show", "7", status=3).stderr


def test_a_broken_file_is_put_back(path: Path) -> None:
    text = path.read_text()
    path.write_text(f"{text}broken: [\n")
    assert "was changed since" in command("undo", str(path), status=3).stderr
    told = command("undo", str(path), "--force").output
    assert told == "the files of revision 2 are back; nothing runs by them\n"
    assert path.read_text() == text
    # Now the file is what was in force: another step leads further back.
    command("undo", str(path))
    assert path.read_text() == text.replace("weight: 7", "weight: 5")
    told = command("undo", str(path), "--to", "2", "--json").output
    assert json.loads(told)["revision"] == 2
    assert "there is no revision 9" in command("undo", str(path), "--to", "9", status=3).stderr


def test_where_none_are_kept_nobody_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    for text in ("version: 1\n", "version: 1\nstate_dir: state\n"):
        path.write_text(text + SITE)
        command("history", str(path), status=9)
        command("undo", str(path), status=9)
    path.write_text("a: [\n")
    command("undo", str(path), status=1)
