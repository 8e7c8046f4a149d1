"""The unit of systemd: systemd itself finds nothing wrong with it, and it says what docs do."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.example_site import EXAMPLES

UNIT = EXAMPLES / "systemd" / "pointsman.service"


def unit() -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=True, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(UNIT.read_text())
    return read


def test_the_unit_is_whole_and_runs_commands_that_there_are() -> None:
    read = unit()
    assert read.sections() == ["Unit", "Service", "Install"]
    service = read["Service"]
    program = "/opt/pointsman/bin/pointsman"
    assert service["ExecStart"] == f"{program} run /etc/pointsman/site.yaml"
    assert service["ExecReload"] == f"{program} reload /etc/pointsman/site.yaml"
    # What it may write to is what systemd makes for it.
    assert service["ProtectSystem"] == "strict"
    assert {key for key in service if key.endswith("Directory")} == {
        "StateDirectory", "LogsDirectory", "RuntimeDirectory",
    }  # fmt: skip
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("pointsman")
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/pointsman/bin/pointsman", str(program)))
    told = subprocess.run(
        ["systemd-analyze", "verify", str(here)], capture_output=True, text=True, timeout=60
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    broken = tmp_path / "broken.service"
    broken.write_text(here.read_text().replace("ProtectClock=", "ProtectClocks="))
    told = subprocess.run(
        ["systemd-analyze", "verify", str(broken)], capture_output=True, text=True, timeout=60
    )
    assert "ProtectClocks" in told.stderr
