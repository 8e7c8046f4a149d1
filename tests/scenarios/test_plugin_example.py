"""The plugin of examples/plugin: as shown in the documents, installed, tested and at work."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from kit.child_programs import pointsman, started
from kit.documents import blocks
from kit.tree import TOP

EXAMPLE = TOP / "examples" / "plugin"
PAGE = TOP / "docs" / "plugins.md"


def without_marks(text: str) -> str:
    return text.removeprefix("# needs examples/plugin\n")


def test_what_is_shown_stands_in_the_example() -> None:
    files = {path.read_text(): path.name for path in EXAMPLE.rglob("*") if path.is_file()
             if path.suffix in (".py", ".toml", ".yaml")}  # fmt: skip
    shown = [
        files.get(without_marks(text), text)
        for language in ("python", "toml", "yaml")
        for text in blocks(PAGE, language)
    ]
    assert shown == [
        "prefer.py", "header_pins.py", "banner.py", "tickets.py", "__init__.py", "test_prefer.py",
        "pyproject.toml", "site.yaml",
    ]  # fmt: skip


def run(*command: str, cwd: Path = TOP, path: Path | None = None) -> str:
    environ = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_once_installed_it_is_found_by_its_entry_point(tmp_path: Path) -> None:
    run(
        "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-index", "--no-build-isolation", "--target", str(tmp_path), str(EXAMPLE),
    )  # fmt: skip
    told = run("-m", "pointsman", "plugins", path=tmp_path)
    assert re.search(r"^example +pointsman-example 0\.1\.0 +", told, re.MULTILINE)
    for offer in (
        "health_checks: banner", "persistences: tenant", "rulebooks: ticket", "schedulers: prefer",
    ):  # fmt: skip
        assert offer in told
    assert "event health_changed" in told


def test_its_configuration_is_fine() -> None:
    told = run("-m", "pointsman", "check", str(EXAMPLE / "site.yaml"), path=EXAMPLE)
    assert told.endswith(" 0 warnings\n")


def test_its_own_tests_pass_from_its_own_folder() -> None:
    assert re.search(
        r"\d+ passed", run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=EXAMPLE)
    )


def test_named_under_plugins_it_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE))
    server = (sys.executable, "-m", "pointsman.app.demo.server")
    with started(*server, "west", "0") as west, started(*server, "east", "0") as east:
        ports = [one.until(r"listens on 127\.0\.0\.1:(\d+)\n")[1] for one in (west, east)]
        config = tmp_path / "site.yaml"
        config.write_text(
            "version: 1\n"
            "plugins: [pointsman_example]\n"
            "virtual_services:\n"
            "  site:\n"
            '    listen: "127.0.0.1:0"\n'
            "    pool:\n"
            "      scheduling: {kind: prefer, prefix: east-}\n"
            f"      servers: {{west-1: '127.0.0.1:{ports[0]}', east-1: '127.0.0.1:{ports[1]}'}}\n"
            "      health: {kind: tcp, interval: 1s, timeout: 1s, retries: 0}\n"
        )
        with pointsman("run", str(config), "--log-format", "human") as program:
            port = program.until(r"site listens on 127\.0\.0\.1:(\d+)")[1]
            program.until("site/east-1 is up")
            answers = [asked(int(port)) for _ in range(4)]
            assert all(answer.startswith("east") for answer in answers), answers
            east.end()
            program.until("site/east-1 is gone: ")  # what its event hook prints
            assert asked(int(port)).startswith("west")
            program.signal()
            assert program.wait() == 0


def asked(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        body: bytes = answer.read()
        return body.decode()
