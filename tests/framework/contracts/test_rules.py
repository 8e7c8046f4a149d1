"""Rulebooks: what is not wanted is None, and what need not be written does nothing."""

from __future__ import annotations

import dataclasses

import pytest

from kit.rulebooks import PlannedFilter, PlannedRules
from pointsman.contracts.rules import DECODE, REFUSE_LARGE, BodyFilter, Rulebook, RuleEvents
from pointsman.model.decision import Decision, Pending, Refuse


def test_nothing_is_wanted_unless_said() -> None:
    events = RuleEvents()
    assert {getattr(events, field.name) for field in dataclasses.fields(events)} == {None}
    with pytest.raises(dataclasses.FrozenInstanceError):
        events.request = None  # type: ignore[misc]


def test_a_rulebook_has_the_events_that_it_wants() -> None:
    rules: Rulebook = PlannedRules(request=Refuse(403))
    assert rules.events.request is not None
    assert rules.events.response is None
    assert rules.warnings == ()


def test_a_rulebook_is_its_events_and_a_name() -> None:
    class Least(Rulebook):
        events = RuleEvents()
        describes = "nothing"

    least = Least()
    least.stop()
    assert least.warnings == ()


def test_a_filter_is_its_feed() -> None:
    class Least(BodyFilter):
        def feed(self, data: bytes, last: bool) -> bytes | Decision | Pending:
            return data

    least = Least()
    assert (least.most, least.large, least.coding) == (0, REFUSE_LARGE, DECODE)
    assert least.feed(b"x", True) == PlannedFilter().feed(b"x", True) == b"x"
