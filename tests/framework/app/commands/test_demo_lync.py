"""``pointsman demo lync``: its options. What it shows is a scenario."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from pointsman.app.cli import main
from pointsman.app.demo.lync import play as played
from pointsman.app.demo.lync.stage import StageError


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", "lync", *arguments])


@pytest.mark.parametrize(
    ("arguments", "fast", "seconds"),
    [
        ((), False, 60.0),
        (("--fast",), True, 0.0),
        (("--for", "90s"), False, 90.0),
        (("--for", "10m", "--fast"), True, 600.0),
        (("--for", "2.5"), False, 2.5),
        (("--for", "0s"), False, 0.0),
    ],
)
def test_it_stays_up_for_as_long_as_is_said(
    arguments: tuple[str, ...], fast: bool, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def play(console: object, **options: Any) -> int:
        given.update(options)
        return 5

    monkeypatch.setattr(played, "play", play)
    assert demo(*arguments).exit_code == 5
    assert given == {"fast": fast, "seconds": seconds}


def test_what_is_no_duration_is_wrong_usage() -> None:
    result = demo("--for", "ninety")
    assert result.exit_code == 2
    assert "--for" in result.output


def test_a_site_that_cannot_be_started_is_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(*_: object, **__: object) -> int:
        raise StageError("no addresses on loopback are free")

    monkeypatch.setattr(played, "play", play)
    result = demo("--fast")
    assert result.exit_code == 3
    assert result.output == "pointsman: no addresses on loopback are free\n"
