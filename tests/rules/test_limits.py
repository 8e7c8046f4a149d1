"""Limits and policies."""

import pytest

from pointsman_rules.limits import Limits, status_of


def test_policies_are_statuses() -> None:
    assert [status_of(one) for one in ("open", "closed", 503)] == [0, 500, 503]


def test_defaults_and_units() -> None:
    limits = Limits.model_validate({"memory": "4MiB", "cpu": "5ms"})
    assert (limits.memory, limits.cpu, limits.instructions) == (4 << 20, 0.005, 200_000)


@pytest.mark.parametrize("wrong", [{"instructions": 1}, {"cpu": 0}, {"memory": "1KiB"}, {"x": 1}])
def test_what_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits.model_validate(wrong)
