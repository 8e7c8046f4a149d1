"""Rulebooks for tests: what they are asked is written down, what they say was planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pointsman.contracts import Candidate
from pointsman.contracts.rules import (
    DECODE,
    REFUSE_LARGE,
    BodyFilter,
    Rulebook,
    RuleEvents,
    RuleRoom,
)
from pointsman.model.decision import Answer, Decision, Pending

# A plan for an event: what to say, or a function of what the event is about that says it.
Say = Answer | Callable[..., Any]


class PlannedRules(Rulebook):
    """A rulebook that wants just the events it has a plan for.

    Attributes:
        asked: names of the events it was asked at, in order.
        room: what it was started with.
    """

    describes = "planned"

    def __init__(self, **plans: Any) -> None:
        self.plans = plans
        self.asked: list[str] = []
        self.room: RuleRoom | None = None
        self.stopped = 0
        self.events = self._events()

    def _events(self) -> RuleEvents:
        return RuleEvents(**{event: self._asking(event) for event in self.plans})

    def _asking(self, event: str) -> Callable[..., Any]:
        def ask(*about: Any) -> Any:
            self.asked.append(event)
            plan = self.plans[event]
            return plan(*about) if callable(plan) else plan

        return ask

    def start(self, room: RuleRoom) -> None:
        self.room = room

    def stop(self) -> None:
        self.stopped += 1


class Waiting:
    """A ``Pending`` that tells whether it was cancelled; to be planned as a function."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.asked = 0

    def __call__(self, *about: object) -> Pending:
        self.asked += 1
        return Pending(self._cancel)

    def _cancel(self) -> None:
        self.cancelled += 1


class PlannedFilter(BodyFilter):
    """A body filter: notes what it is fed, and says what ``plan`` makes of it, else that."""

    def __init__(
        self,
        plan: Callable[[bytes, bool], bytes | Decision | Pending] | None = None,
        *,
        most: int = 0,
        large: str = REFUSE_LARGE,
        coding: str = DECODE,
    ) -> None:
        self.most, self.large, self.coding = most, large, coding
        self.fed: list[tuple[bytes, bool]] = []
        self._plan = plan

    def feed(self, data: bytes, last: bool) -> bytes | Decision | Pending:
        self.fed.append((data, last))
        return data if self._plan is None else self._plan(data, last)


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.name for candidate in candidates]
