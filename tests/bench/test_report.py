"""The tables, and where they are put."""

import pytest
from bench.cases import Case, Target
from bench.failure import BenchError
from bench.report import (
    BEGIN,
    END,
    between_marks,
    document_report,
    markdown,
    plain,
    targets_table,
    terminal_report,
    values_table,
)
from bench.summary import Results, Sample, Verdict, verdicts

CASE = Case(
    name="a-case",
    tells="",
    unit="us",
    rivals=("pointsman", "haproxy", "caddy"),
    targets=(Target(1.5), Target(1 / 3, "caddy"), Target(1 / 12, "twisted.web.proxy")),
)
RIVALS = ["pointsman", "haproxy", "caddy"]


def measured() -> Results:
    values = {"pointsman": [20, 22], "haproxy": [10, 11], "caddy": [50, 55]}
    samples = [
        Sample("a-case", rival, number, value)
        for rival, series in values.items()
        for number, value in enumerate(series)
    ]
    return Results(samples, ["nginx is not installed: left out"])


def test_the_values_stand_beside_each_other_with_our_ratio_last() -> None:
    assert values_table(measured(), [CASE], RIVALS) == [
        ["case", "unit", "pointsman", "haproxy", "caddy", "pointsman : haproxy"],
        ["a-case", "us", "21.0 ±5%", "10.5 ±5%", "52.5 ±5%", "2.00x"],
    ]


def test_each_target_says_whether_it_was_met() -> None:
    assert targets_table(verdicts(measured(), [CASE]))[1:] == [
        ["a-case", "<= 1.5x haproxy", "2.00x", "no"],
        ["a-case", ">= 3x better than caddy", "2.5x better", "no"],
        ["a-case", ">= 12x better than twisted.web.proxy", "-", "not measured"],
    ]
    assert targets_table([Verdict("idle", Target(6.0, None), 2.61)])[1:] == [
        ["idle", "<= 6", "2.61", "yes"]
    ]


def test_a_plain_table_is_aligned() -> None:
    assert plain([["case", "us"], ["a-long-one", "1"]]) == "case        us\na-long-one  1"


def test_a_table_becomes_markdown() -> None:
    assert markdown([["case", "us"], ["one", "1"]]) == "| case | us |\n|---|---|\n| one | 1 |"


def test_both_reports_hold_the_machine_the_tables_and_the_notes() -> None:
    terminal = terminal_report(measured(), [CASE], RIVALS, ["2 cores."])
    document = document_report(measured(), [CASE], RIVALS, ["2 cores."], seconds=3)
    for report in (terminal, document):
        assert "2 cores." in report
        assert "2.00x" in report
        assert "nginx is not installed" in report
    assert "2 rounds of 3 s" in document


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert between_marks(document, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


@pytest.mark.parametrize("document", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_document_without_its_marks_is_not_guessed_at(document: str) -> None:
    with pytest.raises(BenchError, match="once each"):
        between_marks(document, "new")
