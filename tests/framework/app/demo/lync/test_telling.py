"""What is told: headings with their two words, changed lines, and claims that may be wrong."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console
from rich.table import Table

from pointsman.app.demo.lync.telling import Telling


class Told(Telling):
    def __init__(self, pause: float = 0.0) -> None:
        self.out = io.StringIO()
        super().__init__(Console(file=self.out, width=100), pause)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.out.getvalue().splitlines() if line.strip()]


def test_a_step_has_a_number_and_says_where_it_is_done_here_and_there() -> None:
    telling = Told()
    telling.title("The site", ["two front ends"])
    telling.step("A virtual service", "Add New", "`pointsman run`")
    telling.step("Another", "Add New", "`pointsman reload`")
    told = telling.lines
    assert "The site" in told[0]
    assert told[1] == "two front ends"
    assert told[2].startswith("1  A virtual service ──")
    assert told[3:5] == ["appliance  Add New", "pointsman  `pointsman run`"]
    assert told[5].startswith("2  Another ──")


def test_a_changed_file_is_shown_by_its_lines() -> None:
    telling = Told()
    telling.edited("site.yaml", "a: 1\nb: [x]\nc: 3\n", "a: 1\nb: [y]\nc: 3\n")
    assert telling.lines == ["✎ site.yaml", "  …", "   a: 1", "  -b: [x]", "  +b: [y]", "   c: 3"]


def test_commands_notes_and_deeds_are_told() -> None:
    telling = Told()
    telling.typed("pointsman reload site.yaml", ["revision 2 is in force"])
    telling.did("kill -9 7")
    telling.note("because [of] that")
    table = Table("client")
    table.add_row("127.0.1.1")
    telling.table(table)
    told = telling.lines
    assert told[:2] == ["$ pointsman reload site.yaml", "  revision 2 is in force"]
    assert told[2:4] == ["• kill -9 7", "  because [of] that"]
    assert any("127.0.1.1" in line for line in told)


def test_claims_are_kept_with_their_step_and_those_not_seen_are_found() -> None:
    telling = Told()
    telling.step("A step", "there", "here")
    assert telling.claim("it is up", True)
    assert not telling.claim("it is down", False, "it is up")
    assert [claim.text for claim in telling.claims] == ["it is up", "it is down"]
    assert [(claim.step, claim.text) for claim in telling.missed] == [("A step", "it is down")]
    assert telling.lines[-3:] == ["✔ it is up", "✘ it is down", "  seen instead: it is up"]
    telling.sum_up("one was not seen", good=False)
    assert telling.lines[-1] == "✘ one was not seen"
    telling.tick("3 s left")
    assert telling.lines[-1] == "3 s left"


def test_there_is_time_to_read_after_a_step_but_not_before_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for pause, expected in ((0.0, []), (4.0, [4.0])):
        telling = Told(pause)
        telling.step("One", "", "")
        telling.step("Two", "", "")
        assert slept == expected
