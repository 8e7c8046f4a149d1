"""The options, and the exit status."""

import argparse
from collections.abc import Mapping

import pytest
from bench.cases import CASES
from bench.command import main, missed, parser, planned, positive
from bench.failure import BenchError
from bench.report import between_marks
from bench.rivals import HAProxy, Rival
from bench.summary import Results, Sample

from bench import command

CHATTY = [CASES["l4-chatty"]]
BOTH = ["pointsman", "haproxy"]


class Absent(HAProxy):
    def version(self) -> str | None:
        return None


class Present(HAProxy):
    def version(self) -> str | None:
        return "1.0"


def with_rivals(monkeypatch: pytest.MonkeyPatch, rivals: Mapping[str, Rival]) -> None:
    monkeypatch.setattr(command, "RIVALS", rivals)


def test_the_full_run_is_five_rounds_and_the_quick_one_two(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rivals(monkeypatch, {"haproxy": Present()})
    full, _ = planned(parser().parse_args([]))
    quick, _ = planned(parser().parse_args(["--quick", "--seconds", "2"]))
    assert (full.rounds, full.seconds) == (5, 3)
    assert (quick.rounds, quick.seconds) == (2, 2)
    assert full.budget <= 12 * 60
    assert quick.budget <= 3 * 60


def test_who_is_not_installed_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rivals(monkeypatch, {"haproxy": Present(), "other": Absent()})
    plan, left_out = planned(parser().parse_args([]))
    assert [rival.version() for rival in plan.rivals] == ["1.0"]
    assert len(left_out) == 1


def test_with_nobody_there_is_nothing_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rivals(monkeypatch, {"haproxy": Absent()})
    with pytest.raises(BenchError, match="none of the proxies"):
        planned(parser().parse_args([]))


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "two"])
def test_a_number_of_rounds_is_at_least_one(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        positive(text)


@pytest.mark.parametrize(("ours", "expected"), [(11.0, False), (13.0, True)])
def test_a_target_above_its_limit_is_missed(ours: float, expected: bool) -> None:
    samples = [
        Sample("l4-chatty", "pointsman", 0, ours),
        Sample("l4-chatty", "haproxy", 0, 10.0),
    ]
    assert missed(Results(samples), CHATTY, BOTH) is expected


def test_a_target_that_could_have_been_measured_and_was_not_is_missed() -> None:
    assert missed(Results(), CHATTY, BOTH)
    assert not missed(Results(), CHATTY, ["pointsman"])


def test_writing_needs_the_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--write", "--case", "l4-chatty"]) == 2
    assert "--write needs all" in capsys.readouterr().err


def test_memory_cannot_be_profiled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", "--case", "idle-rss"]) == 2
    assert "no load" in capsys.readouterr().err


def test_a_difference_cannot_be_profiled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", "--case", "pins-source_ip"]) == 2
    assert "is a difference" in capsys.readouterr().err


def test_the_document_has_room_for_the_tables() -> None:
    assert "\nnew\n" in between_marks(command.DOCUMENT.read_text(), "new")


@pytest.mark.parametrize("name", CASES)
def test_the_document_explains_every_case_in_the_words_of_the_program(name: str) -> None:
    assert f"| `{name}` | {CASES[name].tells} |" in command.DOCUMENT.read_text()
