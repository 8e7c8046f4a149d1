"""What is remembered of an attempt is complete where it can be, and bounded always."""

import pytest

from pointsman.core.health_report import (
    KEPT_RECEIVED,
    KEPT_SENT,
    KEPT_STEPS,
    Notes,
    Outcome,
    Report,
    Step,
)


def test_steps_are_timed_from_the_beginning() -> None:
    notes = Notes(100.0)
    notes.step(100.5, "connect", "connected")
    notes.note_sent(100.5, b"PING")
    notes.note_received(102.0, b"PO")
    notes.note_received(102.25, b"NG")
    assert notes.steps() == (
        Step(0.5, "connect", "connected"),
        Step(0.5, "sent", "4 bytes"),
        Step(2.0, "received", "2 bytes"),
        Step(2.25, "received", "2 bytes"),
    )
    assert (notes.sent, notes.received, notes.received_size) == (b"PING", b"PONG", 4)


def test_notes_are_bounded() -> None:
    notes = Notes(0.0)
    for _ in range(1000):
        notes.note_sent(0.0, b"s" * 100)
        notes.note_received(0.0, b"r" * 100)
    assert (len(notes.sent), len(notes.received)) == (KEPT_SENT, KEPT_RECEIVED)
    assert (notes.received_size, len(notes.steps())) == (100_000, KEPT_STEPS)


def test_a_report_does_not_change() -> None:
    report = Report("tcp", "10.0.0.1:80", 0.0, 1.0, Outcome.BAD, "refused")
    with pytest.raises(AttributeError):
        report.reason = "other"  # type: ignore[misc]
