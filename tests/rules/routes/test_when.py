"""Conditions as they are written: times, zones, shares."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pointsman_rules.routes.when import ShareSettings, TimeSettings, WhenSettings


def test_times_are_minutes_of_a_day() -> None:
    span = TimeSettings.model_validate({"since": "8:05", "until": "24:00"})
    assert (span.since, span.until, span.zone) == (485, 1440, "UTC")


@pytest.mark.parametrize("time", ["8", "24:01", "8:60", "8:5", 485, "x:00"])
def test_what_is_no_time_is_refused(time: object) -> None:
    with pytest.raises(ValidationError, match="expected a time like"):
        TimeSettings.model_validate({"since": time})


def test_what_is_no_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no time zone 'Nowhere'"):
        TimeSettings.model_validate({"zone": "Nowhere"})


def test_a_share_may_be_a_number() -> None:
    assert WhenSettings.model_validate({"share": 5}).share == ShareSettings(percent=5)
    with pytest.raises(ValidationError):
        WhenSettings.model_validate({"share": 101})


def test_conditions_may_stand_within_conditions() -> None:
    when = WhenSettings.model_validate({"any_of": [{"path": "/a"}, {"none_of": [{"path": "/b"}]}]})
    assert when.any_of[1].none_of[0].path == ("/b",)
