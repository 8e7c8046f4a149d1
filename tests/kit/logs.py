"""What is logged while a block runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer


@implementer(ILogObserver)
class _Notes:
    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        self.events.append(event)


@contextmanager
def noted_log() -> Iterator[list[LogEvent]]:
    """Note the events of Twisted's log; failures among them have the key `log_failure`."""
    notes = _Notes()
    globalLogPublisher.addObserver(notes)
    try:
        yield notes.events
    finally:
        globalLogPublisher.removeObserver(notes)
