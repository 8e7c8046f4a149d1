"""Retries: the defaults are those of the data plane, and nonsense is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pointsman.config.schema_retries import RetriesSection
from pointsman.model.service import Retries


def test_the_defaults_are_those_of_the_data_plane() -> None:
    assert RetriesSection().settings() == Retries()


def test_all_of_it() -> None:
    section = RetriesSection.model_validate({"on": [502, 503], "budget": "5%", "least": 0})
    assert section.settings() == Retries(frozenset({502, 503}), 0.05, 0)


@pytest.mark.parametrize("wrong", [{"on": [404]}, {"on": 503}, {"budget": 20}, {"least": -1}])
def test_what_makes_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RetriesSection.model_validate(wrong)
