"""Every configuration under examples/ is fine, and runs on ports of the test's own."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from kit.child_programs import pointsman
from kit.example_site import write_certificates
from kit.tree import TOP
from pointsman.app.cli import main

# That of examples/plugin needs its package: test_plugin_example.py; that of examples/lync its lab:
# test_lync_guide.py.
EXAMPLES = [
    path
    for path in sorted((TOP / "examples").rglob("*.yaml"))
    if path.parent.name not in ("plugin", "lync")
]


def test_there_are_examples() -> None:
    assert {path.name for path in EXAMPLES} >= {"simple.yaml", "tcp.yaml"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_fine(path: Path, tmp_path: Path) -> None:
    # Those with certificates say how these are made.
    write_certificates(path.name, tmp_path)
    there = tmp_path / path.name
    there.write_text(path.read_text())
    result = CliRunner().invoke(main, ["check", str(there)])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("0 warnings\n"), result.output


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    write_certificates(path.name, tmp_path)
    elsewhere = tmp_path / path.name
    elsewhere.write_text(re.sub(r"(listen: 127\.0\.0\.1):\d+", r"\1:0", path.read_text()))
    with pointsman("run", str(elsewhere)) as program:
        program.until(r"listens on 127\.0\.0\.1:\d+")
        program.signal()
        assert program.wait() == 0
