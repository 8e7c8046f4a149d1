"""No check is a check that nobody makes."""

from pointsman.contracts import Surroundings
from pointsman_healthcheck.none_check import NoneSettings, make


def test_there_is_nothing_to_probe() -> None:
    makes: object = make(NoneSettings(), Surroundings())  # type: ignore[func-returns-value]
    assert makes is None
