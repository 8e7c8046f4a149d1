"""Tests of changes that wait: what they may replace, and what two of them amount to."""

from __future__ import annotations

import pytest

from pointsman_persistence.lmdb_changes import ANY, Change, Known, merged

SEEN = Known("a", 0.0, 5.0)
NEW = Known("b", 10.0, 10.0)


@pytest.mark.parametrize(
    ("over", "there", "may"),
    [
        (ANY, SEEN, True),
        (ANY, Known("c", 9.0, 9.0), True),
        (SEEN, SEEN, True),
        (SEEN, Known("a", 0.0, 9.0), True),  # used since, and the same
        (SEEN, Known("c", 0.0, 5.0), False),  # moved since
        (SEEN, Known("a", 6.0, 6.0), False),  # made anew since
        (None, Known("c", 9.0, 9.0), False),
    ],
)
def test_what_may_be_replaced(over: Known | None, there: Known, may: bool) -> None:
    for new in (NEW, None):
        assert Change(b"k", new, over).may_replace(there, 60.0, 100.0) is may


def test_what_is_over_gives_way_to_a_new_pin() -> None:
    later = Known("b", 70.0, 70.0)
    assert Change(b"k", later, None).may_replace(Known("a", 0.0, 10.0), 60.0, 100.0)
    assert not Change(b"k", later, None).may_replace(Known("a", 0.0, 11.0), 60.0, 100.0)
    assert Change(b"k", later, None).may_replace(Known("a", -30.0, 69.0), 60.0, 100.0)
    assert not Change(b"k", None, None).may_replace(Known("a", 0.0, 10.0), 60.0, 100.0)


def test_two_changes_may_replace_what_the_first_might() -> None:
    dropped = Change(b"k", None, SEEN)
    both = merged(dropped, Change(b"k", NEW, None))
    assert (both.new, both.over, both.is_use) == (NEW, SEEN, False)
    used = Change(b"k", Known("a", 0.0, 9.0), SEEN, is_use=True)
    both = merged(used, Change(b"k", None, used.new))
    assert (both.new, both.over, both.is_use) == (None, SEEN, False)
    absent = Change(b"k", NEW, None)
    both = merged(absent, Change(b"k", None, NEW))
    assert (both.new, both.over) == (None, None)


def test_what_replaces_anything_does_so_after_whatever_was_before() -> None:
    after = Change(b"k", NEW, ANY)
    assert merged(Change(b"k", None, SEEN), after) is after
    both = merged(after, Change(b"k", None, NEW))
    assert both.new is None
    assert both.over is ANY
