"""Names of pools in settings: checked where the pools are known, text elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from pointsman.contracts import Settings
from pointsman.contracts.pools import PoolName


class Choice(Settings):
    pool: PoolName | None = None
    more: tuple[PoolName, ...] = ()


@dataclass
class Reading:
    check_pool: Callable[[str], None]


def test_a_name_is_text_of_a_type_of_its_own() -> None:
    choice = Choice.model_validate({"pool": "web", "more": ["a"]})
    assert choice.pool == "web"
    assert {type(choice.pool), type(choice.more[0])} == {PoolName}
    assert Choice().pool is None


def test_whoever_knows_the_pools_is_asked() -> None:
    asked: list[str] = []
    Choice.model_validate({"pool": "web", "more": ["a"]}, context=Reading(asked.append))
    assert asked == ["web", "a"]


def test_what_is_no_text_is_no_name() -> None:
    with pytest.raises(ValidationError, match="expected the name of a pool"):
        Choice.model_validate({"pool": 7})


def test_editors_are_told_that_it_is_text() -> None:
    schema = Choice.model_json_schema()["properties"]
    assert {"type": "string"} in schema["pool"]["anyOf"]
