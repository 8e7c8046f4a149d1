"""Changes that are put together do what they would have done one by one."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_persistence.value_changes import (
    ADD,
    DROP,
    SET,
    Held,
    ValueChange,
    combined,
    counting,
    decoded,
    encoded,
    is_number,
)

ENDS = st.sampled_from([1.0, 5.0, inf])
HELD = st.builds(Held, st.sampled_from(["text", 3, 2.5, True]), ENDS)
COUNTS = st.builds(
    counting, st.sampled_from([1, -2, 0.5]), st.sampled_from([-inf, 4, 0]), ENDS, st.booleans()
)
CHANGES = st.one_of(
    st.builds(ValueChange, st.just(SET), HELD),
    st.builds(ValueChange, st.just(ADD), HELD),
    st.builds(ValueChange, st.just(DROP)),
    COUNTS,
)


@given(st.none() | HELD, st.lists(CHANGES, max_size=8))
def test_put_together_they_do_the_same(first: Held | None, changes: list[ValueChange]) -> None:
    """As a process does it: it adds where it knows of nothing, and counts what is a number."""
    there, whole = first, None
    for change in changes:
        if change.base == ADD and there is not None:
            continue
        if change.delta is not None and there is not None and not is_number(there.value):
            continue
        there = change.apply(there)
        whole = combined(whole, change)
    if whole is not None:
        made = whole.apply(first)
        if made is None or there is None:
            assert made is there is None
        else:
            assert made.value == there.value
            # Nobody prolongs a value now and then only: then its end may be another.
            deltas = [change.delta for change in changes if change.delta is not None]
            if len({delta.prolongs for delta in deltas}) <= 1:
                assert made.ends == there.ends


@given(st.lists(COUNTS, min_size=1, max_size=6), st.lists(COUNTS, min_size=1, max_size=6))
def test_what_two_have_counted_adds_up(one: list[ValueChange], two: list[ValueChange]) -> None:
    first = second = None
    for change in one:
        first = combined(first, change)
    for change in two:
        second = combined(second, change)
    assert first is not None
    assert second is not None
    there: Held | None = Held(10, 1.0)
    for change in (*one, *two):
        there = change.apply(there)
    made = second.apply(first.apply(Held(10, 1.0)))
    assert made is not None
    assert there is not None
    assert made.value == there.value
    if len({change.delta.prolongs for change in (*one, *two) if change.delta is not None}) == 1:
        assert made.ends == there.ends  # nobody prolongs a value now and then only


@pytest.mark.parametrize("value", ["", "text ü", 0, -5, 10**20, 2.5, 1e300, True, False])
def test_values_as_bytes(value: str | float) -> None:
    found = decoded(encoded(value))
    assert (found, type(found)) == (value, type(value))


def test_other_bytes_are_no_values() -> None:
    for data in (b"", b"x", b"i", b"f1,5"):
        with pytest.raises(ValueError, match=r"."):
            decoded(data)
