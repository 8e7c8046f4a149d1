"""The queue of a pool: its defaults are those of the data plane."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pointsman.config.schema_queue import QueueSection
from pointsman.model.pool_settings import QueueSettings


def test_the_defaults_are_those_of_the_data_plane() -> None:
    assert QueueSection().settings() == QueueSettings()


def test_all_of_it() -> None:
    section = QueueSection.model_validate(
        {"size": 5, "timeout": "250ms", "status": 429, "retry_after": "1500ms"}
    )
    assert section.settings() == QueueSettings(5, 0.25, 429, 2)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"status": 500}, {"timeout": 5}, {"length": 5}])
def test_what_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        QueueSection.model_validate(wrong)
