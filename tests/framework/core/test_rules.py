"""The rules of a service: each event has those who want it, in order."""

from __future__ import annotations

import pytest

from kit.recorders import FirstOf
from kit.rulebooks import PlannedRules
from pointsman.contracts.rules import RuleEvents
from pointsman.core.pool import Pool
from pointsman.core.rules import Rules
from pointsman.model.decision import Refuse


def test_an_event_that_nobody_wants_is_empty() -> None:
    rules = Rules([PlannedRules(), PlannedRules()], {})
    events = [getattr(rules, name) for name in RuleEvents.__slots__]
    assert events == [()] * len(events)


def test_the_order_is_that_of_the_rulebooks() -> None:
    books = [PlannedRules(**{name: None for name in RuleEvents.__slots__}) for _ in range(3)]
    books.insert(1, PlannedRules(request=Refuse(400)))
    rules = Rules(books, {})
    for name in RuleEvents.__slots__:
        wanted = [each for book in books if (each := getattr(book.events, name)) is not None]
        assert list(getattr(rules, name)) == wanted
        assert len(wanted) == (4 if name == "request" else 3)


def test_rulebooks_are_asked_anew_what_they_want() -> None:
    book = PlannedRules(request=None)
    rules = Rules([book], {})
    book.events = RuleEvents()
    assert rules.request
    assert rules.again().request == ()


def test_a_pool_is_found_by_its_name() -> None:
    pool = Pool("pool", [], FirstOf())
    rules = Rules([], {"pool": pool})
    assert rules.pool("pool") is pool
    with pytest.raises(ValueError, match="no pool 'other'"):
        rules.pool("other")
