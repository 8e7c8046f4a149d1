"""Arguments are what they are: nothing is taken for something else, and nothing is left over."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pointsman.app.control.arguments import Arguments, read


class Some(Arguments):
    """Of a verb."""

    name: str
    count: int = 3


def test_what_is_left_out_has_its_default() -> None:
    assert read(Some, {"name": "a"}) == Some(name="a", count=3)


@pytest.mark.parametrize(
    "given",
    [{}, {"name": 3}, {"name": "a", "count": "3"}, {"name": "a", "count": True},
     {"name": "a", "more": 1}],
)  # fmt: skip
def test_anything_else_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read(Some, given)
