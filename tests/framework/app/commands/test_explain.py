"""``pointsman explain``: steps on stdout, errors where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pointsman.app.cli import main

SITE = """\
version: 1
virtual_services:
  site:
    listen: "127.0.0.1:8080"
    pool: {servers: {a: "127.0.0.1:1"}}
    rules:
      - {when: {header: {X-Go: away}, source: 192.0.2.0/24}, redirect: "https://{host}/"}
"""


def run(folder: Path, *arguments: str, text: str = SITE) -> Result:
    path = folder / "site.yaml"
    path.write_text(text)
    return CliRunner().invoke(main, ["explain", str(path), *arguments])


def test_every_step_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h:8080/x")
    assert result.exit_code == 0
    assert "server a, chosen by the scheduler" in result.stdout
    result = run(tmp_path, "GET", "http://h/", "-H", "X-Go: away", "--from", "192.0.2.7",
                 "--service", "site")  # fmt: skip
    assert result.exit_code == 0
    assert "    Location: https://h/" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(("GET", "h/"), "expected a URL"), (("GET", "http://h/", "--service", "x"), "say --service")],
)
def test_what_cannot_be_explained_is_told(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 1
    assert why in result.stderr


def test_a_configuration_with_errors_is_not_used(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://h/", text=SITE.replace("pool:", "pol:"))
    assert result.exit_code == 1
    assert "this key is not known here" in result.stderr
