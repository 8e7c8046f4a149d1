"""What examples/README.md shows: three servers, and the canary before them, typed in by a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from kit.documents import blocks
from kit.example_site import EXAMPLES
from kit.running_site import eventually
from kit.shells import Shell, listens

PORTS = ("8080", "8081", "8082", "8083")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, PORTS)
    try:
        yield shell
    finally:
        shell.end()


def test_a_reader_sees_the_canary(shell: Shell, tmp_path: Path) -> None:
    servers, run = blocks(EXAMPLES / "README.md", "sh")
    text = (EXAMPLES / "canary.yaml").read_text()
    (tmp_path / "canary.yaml").write_text(shell.here(text))
    assert shell.type_in(servers)[0] == 0
    for port in PORTS[1:]:
        eventually(lambda port=port: listens(shell.port(port)))  # type: ignore[misc]
    check, run = run.splitlines()
    assert shell.type_in(check)[0] == 0
    command = re.sub(r" +#.*", "", run)
    assert command == "pointsman run canary.yaml"
    shell.type_in(f"{command} > log 2>&1 &")
    eventually(lambda: listens(shell.port("8080")))
    eventually(lambda: (tmp_path / "log").read_text().count(" is up: 200 to HEAD /healthz") == 3)
    met: Counter[str] = Counter()
    for _ in range(200):
        with urlopen(f"http://127.0.0.1:{shell.port('8080')}/", timeout=30) as answer:
            met[answer.read().decode()] += 1
    said = {port: met[f"I am {shell.port(port)}\n"] for port in PORTS[1:]}
    assert sum(said.values()) == 200
    # 20 are to be expected, with a standard deviation of 4.
    assert 0 < said["8083"] < 60
    status, told = shell.type_in("pointsman status canary.yaml")
    assert status == 0
    assert re.search(rf"^new/new1 .* {said['8083']} +0 ", told, re.MULTILINE)
