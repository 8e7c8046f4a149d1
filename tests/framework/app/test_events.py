"""What has happened is remembered with its number, as far back as there is room."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pointsman.app.events import KEPT, SERVER, Event, Events


def noted(count: int) -> Events:
    events = Events(lambda: 1e9)
    for number in range(1, count + 1):
        events.note(SERVER, f"web/{number}", "up", "down", "health", "silent")
    return events


def test_an_event_is_all_that_was_said() -> None:
    (event,) = noted(1).after(0)
    assert event == Event(1, 1e9, "server", "web/1", "up", "down", "health", "silent")
    assert replace(event, number=2) != event


def test_what_is_too_long_ago_is_forgotten() -> None:
    events = noted(KEPT + 5)
    kept = events.after(0)
    assert (len(kept), kept[0].number, kept[-1].number) == (KEPT, 6, KEPT + 5)
    assert len(events) == KEPT + 5


@given(st.integers(0, 30), st.integers(0, 40), st.integers(1, 40))
def test_those_after_a_number_and_of_too_many_the_last(count: int, after: int, most: int) -> None:
    found = [event.number for event in noted(count).after(after, most)]
    assert found == [*range(after + 1, count + 1)][-most:]
