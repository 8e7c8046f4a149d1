"""What is told of a change, and how durations are read."""

from __future__ import annotations

from typing import Any

import click
import pytest

from pointsman.app.commands.changing import seconds, tell_plan

WARNING = {"file": "f", "line": 1, "column": 2, "key": "a", "message": "odd", "hint": ""}


@pytest.mark.parametrize(
    ("written", "meant"), [(None, 0.0), ("1s", 1.0), ("60s", 60.0), ("5m", 300.0), ("24h", 86400.0)]
)
def test_durations(written: str | None, meant: float) -> None:
    assert seconds(None, None, written) == meant  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["0s", "500ms", "25h", "60", ""])
def test_what_is_none(written: str) -> None:
    with pytest.raises(click.BadParameter):
        seconds(None, None, written)  # type: ignore[arg-type]


def told(capsys: pytest.CaptureFixture[str], changes: list[str], **more: Any) -> tuple[str, str]:
    tell_plan({"revision": 2, "changes": changes, "warnings": [WARNING]}, **more)
    found = capsys.readouterr()
    return found.out, found.err


def test_words(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, ["x added", "y removed"], as_json=False)
    assert out == "x added\ny removed\nrevision 2 is in force, 2 changes\n"
    assert "f:1:2: warning: a: odd" in err
    out, _ = told(capsys, [], as_json=False, words="against revision {}")
    assert out == "against revision 2, nothing has changed\n"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, ["x added"], as_json=True)
    assert '"changes": [\n    "x added"\n  ]' in out
    assert err == ""
