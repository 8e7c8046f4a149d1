"""What rules cost: microseconds and instructions of each event, over scenarios that are played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from pointsman.contracts.rules import RuleEvents
from pointsman_rules.lab.playing import Stage
from pointsman_rules.lab.scenario import read_scenario
from pointsman_rules.limits import Engine


class Cost(NamedTuple):
    """What one event costs on an average.

    Attributes:
        event: its name.
        calls: how often it was measured.
        microseconds: of CPU, our side included.
        instructions: of Lua.
    """

    event: str
    calls: int
    microseconds: float
    instructions: float


def measure(path: Path, times: int, engine: Engine | None = None) -> list[Cost]:
    """Play the first step of each case so often, and tell what the events cost.

    Raises:
        scenario.ScenarioError: it is no scenario file.
        ValueError: its rule cannot be loaded.
    """
    scenario = read_scenario(path)
    spent: dict[str, list[float]] = {}
    for case in scenario.cases:
        stage = Stage(scenario, path.parent, case.options, engine)
        try:
            stage.book.events = _timed(stage, spent)
            step = case.steps[0]
            for _ in range(times):
                stage.flow.play(step.request, step.upstream)
        finally:
            stage.end()
    return [
        Cost(event, int(calls), seconds / calls * 1e6, instructions / calls)
        for event, (calls, seconds, instructions) in spent.items()
    ]


def _timed(stage: Stage, spent: dict[str, list[float]]) -> RuleEvents:
    runtime = stage.book.generation.runtime

    def timed(event: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        told = spent.setdefault(event, [0.0, 0.0, 0.0])

        def asked(*given: Any) -> Any:
            began = process_time()
            said = ask(*given)
            told[1] += process_time() - began
            told[0] += 1
            told[2] += runtime.instructions
            return said

        return asked

    events = stage.book.events
    return replace(
        events,
        **{
            one.name: timed(one.name, ask)
            for one in fields(events)
            if (ask := getattr(events, one.name)) is not None
        },
    )
