"""Outliers: the defaults are those of the data plane, and nonsense is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pointsman.config.schema_outliers import OutliersSection
from pointsman.model.pool_settings import OutlierSettings


def test_the_defaults_are_those_of_the_data_plane() -> None:
    assert OutliersSection().settings() == OutlierSettings()


def test_all_of_it() -> None:
    section = OutliersSection.model_validate(
        {
            "errors": 3,
            "latency": 2.5,
            "latency_least": "10ms",
            "answers": 5,
            "interval": "1s",
            "eject": "2s",
            "eject_most": "1m",
            "at_most": "30%",
            "action": "check",
        }
    )
    assert section.settings() == OutlierSettings(3, 2.5, 0.01, 5, 1.0, 2.0, 60.0, 0.3, True)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"errors": 0}, "nothing to look at"),
        ({"latency": 1}, "must be more than 1"),
        ({"latency": -1}, "greater than or equal to 0"),
        ({"interval": 0}, "longer than 0"),
        ({"eject": "10m"}, "shorter than `eject`"),
        ({"at_most": "200%"}, "0% to 100%"),
        ({"action": "kill"}, "'eject' or 'check'"),
    ],
)
def test_what_makes_no_sense(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OutliersSection.model_validate(keys)
    assert message in str(caught.value)
