"""The run itself: all rivals up at once, measured in turn, round after round."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bench.cases import IdleCase, LoadCase
from bench.failure import RivalFailed
from bench.rivals import Rival
from bench.summary import Results, Sample
from bench.track import Running, Track, track

WARM_UP_SECONDS = 1

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """What to run, and for how long at most."""

    cases: Sequence[LoadCase | IdleCase]
    rivals: Sequence[Rival]
    rounds: int
    seconds: int  # of load for each sample
    budget: float  # seconds after which no further load is begun, but for the first round

    def loads(self) -> list[LoadCase]:
        """List the cases that wrk drives."""
        return [case for case in self.cases if isinstance(case, LoadCase)]

    def idles(self) -> list[IdleCase]:
        """List the cases in which connections wait."""
        return [case for case in self.cases if isinstance(case, IdleCase)]


def run(plan: Plan, say: Callable[[str], None]) -> Results:
    """Measure everything in a plan, telling what is being done.

    Raises:
        BenchError: the load or the real servers cannot be had.
    """
    with track() as laid:
        race = Race(plan, laid, say)
        race.run_loads()
        race.run_idles()
        return race.results


def takes_part(rival: Rival, case: LoadCase | IdleCase) -> bool:
    """Tell whether a rival is named in a case and can do what it needs."""
    return rival.name in case.rivals and case.needs <= rival.offers


def in_turn(runners: Sequence[T], number: int) -> list[T]:
    """Begin each round with another rival, so that no one always follows the same."""
    start = number % len(runners) if runners else 0
    return [*runners[start:], *runners[:start]]


@dataclass
class Race:
    """A plan being carried out on a track."""

    plan: Plan
    track: Track
    say: Callable[[str], None]
    results: Results = field(default_factory=Results)

    def run_loads(self) -> None:
        """Run the cases that wrk drives, with every rival up from the first round to the last."""
        ends = time.monotonic() + self.plan.budget
        with contextlib.ExitStack() as stack:
            up = self.start_all(stack)
            for number in range(self.plan.rounds):
                for case in self.plan.loads():
                    if number and time.monotonic() > ends:
                        self.note(f"time was up in round {number + 1} of {self.plan.rounds}")
                        return
                    self.say(f"round {number + 1} of {self.plan.rounds}: {case.name}")
                    there = [runner for runner in up if takes_part(runner.rival, case)]
                    for runner in in_turn(there, number):
                        self.sample_load(case, runner, number)

    def start_all(self, stack: contextlib.ExitStack) -> list[Running]:
        """Start every rival that has a part in a case; note those that do not start."""
        up = []
        for rival in self.plan.rivals:
            if any(takes_part(rival, case) for case in self.plan.loads()):
                try:
                    up.append(stack.enter_context(self.track.up(rival)))
                except RivalFailed as failure:
                    self.note(f"{rival.name} did not start: {failure}")
        return up

    def sample_load(self, case: LoadCase, runner: Running, number: int) -> None:
        """Take one sample, or note why there is none."""
        name = runner.rival.name
        try:
            if number == 0:
                self.track.load(case, runner, WARM_UP_SECONDS)
            value = self.track.load(case, runner, self.plan.seconds)
        except RivalFailed as failure:
            self.note(f"{name} in {case.name}, round {number + 1}: {failure}")
        else:
            self.results.samples.append(Sample(case.name, name, number, value))

    def run_idles(self) -> None:
        """Measure memory once: every rival starts afresh for it, and memory is no noisy thing."""
        for case in self.plan.idles():
            for rival in self.plan.rivals:
                if takes_part(rival, case):
                    self.say(f"{case.name}: {rival.name}")
                    self.sample_idle(case, rival)

    def sample_idle(self, case: IdleCase, rival: Rival) -> None:
        """Take one sample, or note why there is none."""
        try:
            with self.track.up(rival) as runner:
                value = self.track.idle(case, runner)
        except RivalFailed as failure:
            self.note(f"{rival.name} in {case.name}: {failure}")
        else:
            self.results.samples.append(Sample(case.name, rival.name, 0, value))

    def note(self, text: str) -> None:
        """Keep what a reader of the results must know."""
        self.say(text)
        self.results.notes.append(text)
