"""The verbs of the control socket: what they answer, and each kind of error with its words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import fail

from kit.logs import noted_log
from kit.real_reactor import run_reactor
from pointsman.app.control.lines import Request
from pointsman.app.control.verbs import Verbs
from pointsman.app.service import service as service_of
from pointsman.model.errors import ReloadError

SITE = """\
version: 1
pools:
  web: {health: none, servers: {a: 127.0.0.1:1, b: 127.0.0.1:2}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""


def asked(folder: Path, verb: str, text: str = SITE, broken: Any = None, **arguments: Any) -> Any:
    """What is answered, as JSON has it; the file reads ``text`` by then."""
    path = folder / "site.yaml"
    path.write_text(SITE)

    async def work(reactor: Any) -> Any:
        service = service_of(str(path), reactor)
        service.startService()
        path.write_text(text)
        verbs = Verbs(service.operating)
        if broken is not None:
            service.operating.status = lambda: fail(broken)  # type: ignore[method-assign]
        try:
            return await verbs.answer(Request(verb, arguments, 7))
        finally:
            await service.stopService()

    line = run_reactor(work)
    assert line.count(b"\n") == 1
    told = json.loads(line)
    assert told.pop("id") == 7
    return told


def test_status(tmp_path: Path) -> None:
    told = asked(tmp_path, "status")["answer"]
    assert told["file"] == str(tmp_path / "site.yaml")
    assert [each["name"] for each in told["services"]] == ["site"]
    assert [each["name"] for each in told["pools"][0]["servers"]] == ["a", "b"]


def test_reload(tmp_path: Path) -> None:
    text = SITE.replace("127.0.0.1:2", "127.0.0.1:1")
    told = asked(tmp_path, "reload", text, file=str(tmp_path / "site.yaml"))["answer"]
    assert told["revision"] == 2
    assert told["changes"] == ["pool web: server b: address 127.0.0.1:2 -> 127.0.0.1:1"]
    (warning,) = told["warnings"]
    assert (warning["line"], warning["message"][:16]) == (3, "the same address")


def test_a_configuration_with_errors(tmp_path: Path) -> None:
    error = asked(tmp_path, "reload", SITE.replace("health", "helth"))["error"]
    assert error["kind"] == "configuration"
    (problem,) = error["problems"]
    assert (problem["line"], problem["column"], problem["key"]) == (3, 9, "pools.web.helth")


def test_check(tmp_path: Path) -> None:
    told = asked(tmp_path, "check", SITE.replace("127.0.0.1:2", "127.0.0.1:3"))["answer"]
    assert told["revision"] == 1
    assert told["changes"] == ["pool web: server b: address 127.0.0.1:2 -> 127.0.0.1:3"]


def test_history(tmp_path: Path) -> None:
    told = asked(tmp_path, "history")["answer"]
    (first,) = told.pop("revisions")
    assert told == {"revision": 1, "unconfirmed": False}
    assert (first["number"], first["by"], first["changes"]) == (1, "start", [])
    assert first["files"] == [str(tmp_path / "site.yaml")]
    told = asked(tmp_path, "history", number=1)["answer"]
    assert told["files"] == [{"name": str(tmp_path / "site.yaml"), "text": SITE}]


def test_servers(tmp_path: Path) -> None:
    told = asked(tmp_path, "server_state", servers=["a"], state="draining", why="disks")["answer"]
    assert (told["servers"][0]["state"], told["servers"][0]["why"]) == (
        "draining",
        "by command: disks",
    )
    told = asked(tmp_path, "server_weight", servers=["web/a"], weight=5)["answer"]
    assert told["servers"][0]["weight"] == 5


@pytest.mark.parametrize(
    ("verb", "arguments", "kind", "words"),
    [
        ("statu", {}, "request", "there is no verb 'statu'; did you mean `status`?"),
        ("status", {"all": 1}, "request", "the arguments of status are wrong: all: "),
        ("server_state", {"servers": ["a"]}, "request", "state: Field required"),
        ("server_state", {"servers": "a", "state": "draining"}, "request", "servers: "),
        ("server_weight", {"servers": ["a"], "weight": "5"}, "request", "weight: "),
        ("server_weight", {"servers": ["a"], "weight": True}, "request", "weight: "),
        ("server_state", {"servers": ["c"], "state": "draining"}, "unknown", "no server 'c'"),
        ("server_state", {"servers": ["a"], "state": "away"}, "refused", "not 'away'"),
        ("reload", {"file": "/other.yaml"}, "refused", "not by /other.yaml"),
        ("reload", {"confirm": -1.0}, "request", "confirm: "),
        ("undo", {"file": "/other.yaml"}, "refused", "not by /other.yaml"),
        ("undo", {}, "refused", "no revision before 1 is kept"),
        ("undo", {"to": 7, "force": True}, "refused", "there is no revision 7"),
        ("confirm", {"file": "/other.yaml"}, "refused", "not by /other.yaml"),
        ("confirm", {}, "refused", "nothing waits to be confirmed"),
        ("history", {"number": 7}, "refused", "there is no revision 7"),
        ("check", {"file": "/no/other.yaml"}, "configuration", "cannot read it"),
    ],
)
def test_what_cannot_be_is_told_why(
    tmp_path: Path, verb: str, arguments: dict[str, Any], kind: str, words: str
) -> None:
    error = asked(tmp_path, verb, **arguments)["error"]
    assert error["kind"] == kind
    assert words in error["words"]


def test_what_fails_is_told_as_it_is_meant(tmp_path: Path) -> None:
    error = asked(tmp_path, "status", broken=ReloadError("not now"))["error"]
    assert error == {"kind": "refused", "words": "not now"}
    with noted_log() as events:
        error = asked(tmp_path, "status", broken=ZeroDivisionError("secret"))["error"]
    assert error == {
        "kind": "failed",
        "words": "status failed (ZeroDivisionError); the log says more",
    }
    assert any("asked for at the control socket" in str(each) for each in events)
