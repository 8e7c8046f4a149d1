"""Pins: what a table remembers of a client."""

import pytest

from pointsman.contracts import Pin


def test_a_pin_tells_where_and_since_when_and_takes_little_room() -> None:
    pin = Pin("fe1", 10.0, 10.0)
    pin.used = 12.0
    assert (pin.member, pin.made, pin.used) == ("fe1", 10.0, 12.0)
    with pytest.raises(AttributeError):
        pin.note = "a million of these have no room for notes"  # type: ignore[attr-defined]
