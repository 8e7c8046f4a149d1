"""What rules cost is asked of services that differ in nothing else."""

import subprocess
from pathlib import Path

from bench.rivals import site_script
from bench.ruled import RULES, SERVICES, WITHOUT, YAML, rules_files
from ruamel.yaml import YAML as Reader

PORTS = {name: 18001 + place for place, name in enumerate(SERVICES)}


def test_services_differ_in_their_rules_alone(tmp_path: Path) -> None:
    files = rules_files(tmp_path, (18101, 18102), PORTS)
    services = Reader(typ="safe").load(files.pop("pointsman.yaml"))["virtual_services"]
    assert {*files} == {f"{name}.lua" for name in RULES}
    assert [*services] == [*SERVICES]
    found = {name: service.pop("rules") for name, service in services.items()}
    for name, service in services.items():
        assert service.pop("listen") == f"127.0.0.1:{PORTS[name]}"
        assert service == services[WITHOUT]
    assert found.pop(WITHOUT) == []
    assert len(found.pop(YAML)) == 1
    assert found == {name: [f"{name}.lua"] for name in RULES}


def test_pointsman_accepts_them(tmp_path: Path) -> None:
    for name, text in rules_files(tmp_path, (18101, 18102), PORTS).items():
        (tmp_path / name).write_text(text)
    outcome = subprocess.run(
        [site_script(), "check", str(tmp_path / "pointsman.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
