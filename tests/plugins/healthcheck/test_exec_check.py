"""Commands: what they are given, and what their end means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.probing import probe_once, said
from pointsman.contracts import CheckOver, CommandProbe, Misfit, OverCommand, Surroundings
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_healthcheck.exec_check import ExecCheck, ExecSettings, make

SERVER = RealServer("fe1", Address.parse("10.0.0.1:8080"))


def check(command: Any, **keys: Any) -> ExecCheck:
    settings = ExecSettings.model_validate({"command": command, **keys})
    return make(settings, Surroundings("web"))


def ended(status: int, output: bytes = b"", **keys: Any) -> tuple[bool, str]:
    probe = check("/bin/true", **keys).probe(SERVER)
    assert isinstance(probe, CommandProbe)
    assert probe.start() == b""
    probe.receive(output)
    verdict = probe.exited(status)
    return verdict.up, verdict.reason


def test_it_is_told_of_the_server_by_arguments_and_environment() -> None:
    made = check(["/bin/echo", "-H", "{host}", "{port}:{server}", "{address}/{pool}", "$HOME"])
    assert isinstance(made, CheckOver)
    over = made.over(SERVER)
    assert isinstance(over, OverCommand)
    assert over.command == (
        "/bin/echo", "-H", "10.0.0.1", "8080:fe1", "10.0.0.1:8080/web", "$HOME"
    )  # fmt: skip
    assert dict(over.environment) == {
        "POINTSMAN_ADDRESS": "10.0.0.1:8080",
        "POINTSMAN_HOST": "10.0.0.1",
        "POINTSMAN_PORT": "8080",
        "POINTSMAN_SERVER": "fe1",
        "POINTSMAN_POOL": "web",
    }
    assert made.describes == "exec echo"


def test_a_server_without_an_address() -> None:
    over = check(["/bin/echo", "{address}", "{host}{port}"]).over(RealServer("a", local="app"))
    assert over.command == ("/bin/echo", "local:app", "")


def test_braces_in_a_name_are_not_filled_in_twice() -> None:
    server = RealServer("{pool}", Address.parse("10.0.0.1:80"))
    assert check(["/bin/echo", "{server}"]).over(server).command[1] == "{pool}"


@pytest.mark.parametrize(
    ("status", "output", "keys", "up", "reason"),
    [
        (0, b"", {}, True, "exit status 0"),
        (0, b"\n DISK OK \nmore\n", {}, True, "exit status 0: DISK OK"),
        (2, b"CRITICAL: full", {}, False, "exit status 2 not among accepted 0: CRITICAL: full"),
        (1, b"WARN", {"accept": [0, 1]}, True, "exit status 1: WARN"),
        (3, b"", {"accept": [0, 1]}, False, "exit status 3 not among accepted 0, 1"),
        (-9, b"", {}, False, "killed by signal 9 not among accepted 0"),
        (0, b"state=ok", {"match": "state=(ok|idle)"}, True, "exit status 0: state=ok"),
        (0, b"state=bad", {"match": "=ok"}, False,
            "exit status 0, but '=ok' is not in its output: state=bad"),
        (0, b"\xff\xfe", {}, True, "exit status 0: \ufffd\ufffd"),
    ],
)  # fmt: skip
def test_what_its_end_means(
    status: int, output: bytes, keys: dict[str, Any], up: bool, reason: str
) -> None:
    assert ended(status, output, **keys) == (up, reason)


@given(output=st.binary(max_size=10_000), status=st.integers(-64, 255))
def test_nothing_it_writes_makes_it_fail(output: bytes, status: int) -> None:
    up, reason = ended(status, output, match="x")
    assert len(reason) < 400
    assert not up or status == 0


def test_it_is_found_on_the_path_or_beside_the_configuration(tmp_path: Path) -> None:
    assert check("true").command[0].endswith("/true")
    script = tmp_path / "bin" / "check"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    around = Surroundings("web", folder=lambda at: tmp_path)
    settings = ExecSettings.model_validate({"command": "bin/check"})
    made = make(settings, around)
    assert made.command == (str(script),)
    assert said(probe_once(made, SERVER)) == ("good", "exit status 0")


@pytest.mark.parametrize("program", ["/no/such", "no-such-program", "/etc/passwd", "true && false"])
def test_what_cannot_be_run_is_told(program: str) -> None:
    with pytest.raises(Misfit, match="there is no program") as caught:
        check(program)
    assert caught.value.at == ("command",)
    assert "no line for a shell" in caught.value.hint


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"command": []}, "at least 1 item"),
        ({"command": ["true", "{hots}"]}, r"{hots} is not known in a command"),
        ({"command": ["true", "\0"]}, "no zero bytes"),
        ({"command": "true", "match": "("}, "not a regular expression"),
        ({"command": "true", "accept": []}, "at least 1 item"),
    ],
)
def test_what_cannot_be_meant(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ExecSettings.model_validate(keys)
