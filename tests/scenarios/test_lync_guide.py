"""docs/lync.md is followed from top to bottom; what it comes to is examples/lync."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from kit.child_programs import ChildProgram, started
from kit.lync import until_state
from kit.programs import NeedsProgram
from kit.tree import TOP
from pointsman.app.demo.lync.lab import PASSWORD
from pointsman.app.demo.lync.log_file import LogFile, eventually
from pointsman.app.demo.lync.stage import Stage, staged
from pointsman.app.templating import template

GUIDE = TOP / "docs" / "lync.md"
EXAMPLE = TOP / "examples" / "lync" / "lync.yaml"
BEGIN = "## A virtual service for HTTPS\n"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PORT = re.compile(r"(jds\.net|127\.0\.0\.(\d+)):(443|80|4443|8080)\b")
_STATUS = re.compile(r" +# exit status (\d+)$")
# What is written anew as a whole, and what is only added to.
_WHOLE = {"health", "persistence", "tls"}

# A line of the output -> pools, and the state that their servers are in before long.
BECOMES = {
    "virtual service FE Pool HTTP added": (["fe-http"], "down"),
    "pool fe-http: health.path /abs/handler -> /meet/blank.html": (["fe-http"], "up"),
    "pool fe-https: persistence source_ip -> active_cookie": (
        ["fe-https", "fe-http", "ext-https", "ext-http"],
        "up",
    ),
    "virtual service FE Pool HTTPS: tls.upstream.verify none -> JDSRoot": (
        ["fe-https", "fe-http", "ext-https", "ext-http"],
        "up",
    ),
}


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(text)
    return document


def merged(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The document with a part of it added or changed, as somebody who reads would do it."""
    made = dict(document)
    for key, value in part.items():
        there = made.get(key)
        if isinstance(there, dict) and isinstance(value, dict) and key not in _WHOLE:
            made[key] = merged(there, value)
        else:
            made[key] = value
    return made


def blocks() -> Iterator[tuple[str, str]]:
    """Language and text of each block of the steps."""
    text = GUIDE.read_text()
    yield from _BLOCK.findall(text[text.index(BEGIN) :])


def final() -> dict[str, Any]:
    """The configuration at the end of the guide."""
    document: dict[str, Any] = {}
    for language, text in blocks():
        if language == "yaml":
            document = merged(document, read(text))
    return document


def moved(stage: Stage) -> Callable[[str], str]:
    """Puts the places of a stage in the place of the guide's."""
    network = stage.places.pool.rpartition(".")[0]

    def move(text: str) -> str:
        return _PORT.sub(
            lambda found: (
                f"{network}.{found[2]}" if found[2] else found[1]
            ) + f":{stage.places.port(int(found[3]))}",
            text,
        )  # fmt: skip

    return move


class Reader:
    """Does what the guide says."""

    def __init__(self, stage: Stage, programs: ExitStack) -> None:
        self.stage = stage
        self.move = moved(stage)
        self.programs = programs
        self.balancer: ChildProgram | None = None
        self.document: dict[str, Any] = {}
        self.output = ""
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environ = {**os.environ, "PATH": ":".join(paths)}

    def follow(self, language: str, text: str) -> None:
        if language == "yaml":
            self.document = merged(self.document, read(self.move(text)))
            with (self.stage.folder / "lync.yaml").open("w") as file:
                YAML().dump(self.document, file)
        elif language == "sh":
            self.output = ""
            for line in self.move(text).splitlines():
                self.type_in(line)
        else:
            assert language == "text"
            for line in self.move(text).splitlines():
                assert line in self.output.splitlines(), f"{line!r} is not in:\n{self.output}"
                if line in BECOMES:
                    pools, state = BECOMES[line]
                    self.becomes(pools, state)

    def type_in(self, line: str) -> None:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            self.environ[name] = value
            os.environ[name] = value
        elif line.startswith("pointsman run "):
            command = [sys.executable, "-m", *line.split(), "--log-format", "json"]
            log = self.stage.folder / "pointsman.log"
            shell = f'exec "$@" 2>>{log}'
            self.balancer = self.programs.enter_context(
                started("/bin/sh", "-c", shell, "sh", *command, cwd=str(self.stage.folder))
            )
            LogFile(log).until("listens on ")
        else:
            status = _STATUS.search(line)
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                cwd=self.stage.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=180,
            )
            self.output += done.stdout
            assert done.returncode == (int(status[1]) if status else 0), f"{line}\n{done.stdout}"

    def becomes(self, pools: list[str], state: str) -> None:
        until_state(self.stage, state, *((pool, name) for pool in pools for name in ("fe1", "fe2")))


def test_the_guide_can_be_followed(
    tmp_path: Path, needs_program: NeedsProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_program("curl", package="curl")
    needs_program("openssl", package="openssl")
    monkeypatch.setenv("PFX_PASSWORD", "to be set by the guide")
    with staged(tmp_path, Random(), private=True) as stage, ExitStack() as programs:
        reader = Reader(stage, programs)
        for language, text in blocks():
            reader.follow(language, text)
        assert reader.balancer is not None
        states = {
            (pool["name"], server["name"]): (server["state"], server["why"])
            for pool in stage.balancer.status()["pools"]
            for server in pool["servers"]
        }
        assert {state for state, _ in states.values()} == {"up"}, states
        crowd = stage.crowd(10)
        crowd.begin()
        assert crowd.come_back(3) == {"ok": 30}
        reader.balancer.signal()
        assert reader.balancer.wait() == 0
        assert "Traceback" not in (tmp_path / "pointsman.log").read_text()


def test_it_comes_to_the_example_and_to_the_template() -> None:
    wanted = final()
    for service in wanted["virtual_services"].values():
        if service.get("mode") == "http":  # it was written to take back another one
            del service["mode"]
    assert read(EXAMPLE.read_text()) == wanted
    assert read(template("lync").text({})) == wanted


def test_the_example_runs_and_no_session_is_lost(tmp_path: Path) -> None:
    with staged(tmp_path, Random(), private=True) as stage:
        stage.site.document = read(moved(stage)(EXAMPLE.read_text()))
        assert stage.balancer.environ["PFX_PASSWORD"] == PASSWORD
        stage.start_balancer()
        pools = ("fe-https", "fe-http", "ext-https", "ext-http")
        until_state(stage, "up", *((pool, name) for pool in pools for name in ("fe1", "fe2")))
        crowd = stage.crowd(10)
        crowd.begin()
        assert crowd.come_back(3) == {"ok": 30}

        def services() -> set[str]:
            return {each["state"] for each in stage.balancer.status()["services"]}

        assert eventually(lambda: services() == {"up"})


def test_every_page_of_the_console_is_a_key_or_a_command() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", GUIDE.read_text(), re.MULTILINE)
    assert len(rows) > 20
    for page, ours in rows:
        assert page
        assert ours
