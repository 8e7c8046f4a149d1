"""Medians, ratios within a round, and targets."""

import pytest
from bench.cases import Case, Target
from bench.summary import Middle, Results, Sample, Verdict, digits, middle, ratio, verdicts

CASE = Case(
    name="a-case",
    tells="",
    unit="us",
    rivals=("pointsman", "haproxy"),
    targets=(Target(1.5), Target(6.0, None), Target(1 / 3, "caddy")),
)


def results(**values: list[float]) -> Results:
    return Results(
        [
            Sample("a-case", rival, number, value)
            for rival, series in values.items()
            for number, value in enumerate(series)
        ]
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.8531, "0.853"), (15.66, "15.7"), (999.6, "1000"), (1176.4, "1176"), (0, "0.00")],
)
def test_three_figures_are_written(value: float, written: str) -> None:
    assert digits(value) == written


def test_the_middle_is_the_median_with_half_the_distance_of_the_extremes() -> None:
    assert middle([10, 30, 20]) == Middle(20, 0.5)
    assert str(Middle(20, 0.5)) == "20.0 ±50%"


def test_one_value_has_no_spread_and_none_has_no_middle() -> None:
    assert str(middle([1.1])) == "1.10"
    assert middle([]) is None


def test_ratios_are_taken_within_a_round() -> None:
    # The second round was slow for both; the ratio of the medians would be 30 / 10.
    assert ratio({0: 20, 1: 200, 2: 30}, {0: 10, 1: 100, 2: 10}) == 2
    assert ratio({0: 20}, {1: 10}) is None


def test_a_target_is_judged_against_the_rival_that_it_names() -> None:
    judged = verdicts(results(pointsman=[15, 18], haproxy=[10, 10], caddy=[60, 60]), [CASE])
    assert [verdict.measured for verdict in judged] == [1.65, 16.5, 0.275]
    assert [verdict.met for verdict in judged] == [False, False, True]


def test_a_limit_that_is_just_reached_is_met() -> None:
    assert Verdict("a-case", Target(1.5), 1.5).met is True


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    judged = verdicts(results(haproxy=[10]), [CASE])
    assert [verdict.met for verdict in judged] == [None, None, None]
