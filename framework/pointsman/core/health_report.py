"""What is remembered of one attempt of a health check: step by step, with its bytes and times."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

KEPT_SENT: Final = 16 * 1024  # bytes of what a probe sent that are kept
KEPT_RECEIVED: Final = 1024  # and of what it received: the first KiB
KEPT_STEPS: Final = 64


class Outcome(Enum):
    """What one attempt came to.

    A refused connection or one that is closed too early is BAD, not SILENT: it is an answer, it
    came fast, and asking again at once would be told the same.
    """

    GOOD = "good"  # an answer that says: up
    BAD = "bad"  # an answer that says: down, or a refusal
    SILENT = "silent"  # nothing conclusive within the timeout
    UNABLE = "unable"  # our own trouble (no descriptors left, a broken check): says nothing


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened during an attempt.

    Attributes:
        at: seconds since the attempt began.
        what: "resolve", "connect", "tls", "start", "sent", "received", "end" or "exit".
        words: what happened, for people; for bytes how many they were.
    """

    at: float
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """One attempt in full.

    Attributes:
        check: the check in a few words.
        place: what was asked.
        when: when it began, seconds since the epoch.
        took: seconds that it took.
        outcome: what it came to.
        reason: why, in words.
        remedy: what would make it pass, in words; "" if it passed or nobody knows.
        steps: what happened in order, KEPT_STEPS at most.
        sent: the exact bytes sent, KEPT_SENT at most.
        received: the first KEPT_RECEIVED bytes received.
        received_size: how many bytes were received.
        tls_error: why there was no TLS, or "".
    """

    check: str
    place: str
    when: float
    took: float
    outcome: Outcome
    reason: str
    remedy: str = ""
    steps: tuple[Step, ...] = ()
    sent: bytes = b""
    received: bytes = b""
    received_size: int = 0
    tls_error: str = ""


class Notes:
    """What an attempt notes while it is under way: cheap, and bounded whatever the server does.

    Attributes:
        sent, received, received_size: as in ``Report``.
        tls_error: likewise.
    """

    __slots__ = ("_began", "_steps", "received", "received_size", "sent", "tls_error")

    def __init__(self, began: float) -> None:
        self._began = began
        self._steps: list[tuple[float, str, str]] = []
        self.sent = b""
        self.received = b""
        self.received_size = 0
        self.tls_error = ""

    def step(self, now: float, what: str, words: str = "") -> None:
        """Note what happened; what comes after KEPT_STEPS of them is only counted in bytes."""
        if len(self._steps) < KEPT_STEPS:
            self._steps.append((now, what, words))

    def note_sent(self, now: float, data: bytes) -> None:
        """These bytes go out."""
        self.step(now, "sent", f"{len(data)} bytes")
        self.sent = (self.sent + data)[:KEPT_SENT]

    def note_received(self, now: float, data: bytes) -> None:
        """These bytes came."""
        self.step(now, "received", f"{len(data)} bytes")
        self.received_size += len(data)
        if len(self.received) < KEPT_RECEIVED:
            self.received = (self.received + data)[:KEPT_RECEIVED]

    def steps(self) -> tuple[Step, ...]:
        """What was noted, times counted from the beginning."""
        return tuple(Step(at - self._began, what, words) for at, what, words in self._steps)
