"""Values that are written with no more than they must have do what the contract asks."""

from __future__ import annotations

from kit.plain_values import PlainValues
from kit.values_contract import ValuesContract


class TestPlainValues(ValuesContract):
    """A dict, which has no end and forgets nothing."""

    def make(self, size: int = 1000) -> PlainValues:
        return PlainValues()

    def test_there_is_an_end_to_how_many_there_are(self) -> None:
        """There is none."""

    def test_what_is_over_is_forgotten_by_and_by(self) -> None:
        """It is not."""


def test_what_need_not_be_written_does_nothing() -> None:
    values = PlainValues()
    values.start(None)
    told: list[bool] = []
    values.when_ready(lambda: told.append(True))
    assert (told, values.outlives, values.expire(0.0)) == ([True], False, 0)
