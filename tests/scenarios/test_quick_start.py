"""docs/quick-start.md, typed in from top to bottom: only the ports are others."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.running_site import eventually
from kit.shells import Shell, listens
from kit.tree import TOP

PAGE = TOP / "docs" / "quick-start.md"
PORTS = ("8080", "8081", "8082", "8443")
PATIENCE = 60.0  # seconds
# Set up by the one who runs the tests.
INSTALLED_ALREADY = """\
python3 -m venv ~/first-site/.venv
~/first-site/.venv/bin/pip install --quiet .
export PATH="$HOME/first-site/.venv/bin:$PATH"
"""


class Block(NamedTuple):
    """A fenced block: its language, and its text."""

    language: str
    text: str


def blocks() -> list[Block]:
    found = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(*each) for each in found]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, PORTS)
    try:
        yield shell
    finally:
        shell.end()


def is_up(server: str, log: Path) -> bool:
    """What its health check has said last; it may not have seen how it went and came back."""
    text = log.read_text()
    return text.rfind(f"{server} is up: ") > text.rfind(f"{server} is down: ")


def in_general(text: str) -> str:
    """The same without what differs from time to time and from place to place."""
    text = re.sub(r"/\S*/first-site", "/first-site", text)
    text = re.sub(r"\d[\d.:]*", "N", re.sub(r"up \d+m? ?\d*s", "up Ns", text))
    text = re.sub(r"\d+ k?B\b|N k?B\b", "N B", text)
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def soon_shows(shell: Shell, commands: str, expected: str) -> str:
    """What these commands print in the end: a person types slower, and all is done by then."""
    printed = ""

    def shows() -> bool:
        nonlocal printed
        _, printed = shell.type_in(commands)
        return in_general(printed) == expected

    with contextlib.suppress(AssertionError):
        eventually(shows, PATIENCE)
    return printed


def started_by(commands: str) -> list[str]:
    """Ports on which what these commands leave running will listen."""
    found = re.findall(r"http\.server (\d+)", commands)
    return [*found, "8080"] if "pointsman run" in commands else found


@pytest.mark.needs_program("curl", package="curl")
def test_who_follows_the_page_gets_what_it_shows(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "first-site"
    typed, printed, seen = "", "", 0
    for language, text in blocks():
        if language == "yaml":
            (folder / "site.yaml").write_text(shell.here(text))
        elif language == "text":
            assert printed == shell.here(text)
            seen += 1
        elif language == "console":  # times and counts are others each time
            expected = in_general(shell.here(text))
            if typed.startswith("pointsman status"):
                printed = soon_shows(shell, typed, expected)
            assert in_general(printed) == expected
            seen += 1
        else:
            assert language == "sh"
            typed = text.removeprefix(INSTALLED_ALREADY)
            status, printed = shell.type_in(typed)
            assert status == 0, f"{text}\n{printed}"
            for port in started_by(text):
                eventually(lambda port=port: listens(shell.port(port)), PATIENCE)  # type: ignore[misc]
            if "--directory one >>" in text:
                eventually(lambda: is_up("web/one", folder / "pointsman.log"), PATIENCE)
    assert seen == 9
    eventually(lambda: not any(listens(shell.port(port)) for port in PORTS), PATIENCE)


@pytest.mark.slow
def test_what_is_installed_by_the_page_is_the_program(tmp_path: Path) -> None:
    (install,) = (block.text for block in blocks() if "pip install" in block.text)
    assert install.startswith(INSTALLED_ALREADY)
    clone = tmp_path / "clone"
    # What is committed or not, but nothing that is made here.
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=TOP, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (TOP / name).is_file():
            target.write_bytes((TOP / name).read_bytes())
    shown = subprocess.run(
        ["bash", "-ec", install],
        cwd=clone,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("pointsman, version ")
