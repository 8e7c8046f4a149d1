"""What commands share that speak to a running pointsman: each way to fail has its exit status."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pointsman.app.cli import main
from pointsman.app.commands.controlling import REFUSED, UNREACHABLE, place_of, reached
from pointsman.app.control.asking import AskedInVain, UnreachableError
from pointsman.app.running import CANNOT_START
from pointsman.model.errors import Problem


@pytest.mark.parametrize(
    "command", [["status"], ["reload"], ["server", "enable"], ["server", "weight"]]
)
@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("version: 1\n", UNREACHABLE, "tells of no control socket: it needs `control: "),
        ("control: {socket: none}\n", UNREACHABLE, "is it running, and by this file?"),
        ("control: {socket: [a]}\n", 1, "error: control.socket: "),
    ],
)
def test_nobody_is_reached(
    tmp_path: Path, command: list[str], text: str, status: int, words: str
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    more = {"enable": ["a"], "weight": ["a", "5"]}.get(command[-1], [])
    result = CliRunner().invoke(main, [*command, str(path), *more])
    assert result.exit_code == status, result.output
    assert words in result.stderr


def test_the_option_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_of("no such file", "here") == tmp_path / "here"


@click.command()
@click.argument("place")
@click.pass_obj
def failing(error: Exception, place: str) -> None:
    """Fail as the test wants it."""
    with reached("", place):
        raise error


def fails_with(error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    class Silent:
        def __init__(self, *_: object) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr("pointsman.app.control.asking.Asker", Silent)
    return CliRunner().invoke(failing, [str(folder / "x")], obj=error)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnreachableError("gone"), UNREACHABLE),
        (AskedInVain("configuration", "w", [Problem("f", 1, 2, "k", "m")]), 1),
        (AskedInVain("unknown", "no such server"), 2),
        (AskedInVain("request", "no such verb"), 2),
        (AskedInVain("refused", "not now"), REFUSED),
        (AskedInVain("failed", "our fault"), REFUSED),
    ],
)
def test_each_kind_has_its_status(
    error: Exception, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = fails_with(error, tmp_path, monkeypatch)
    assert result.exit_code == status
    assert ("f:1:2: error: k: m" if status == 1 else str(error)) in result.stderr


def test_refused_is_the_status_of_what_cannot_be_had() -> None:
    assert REFUSED == CANNOT_START
