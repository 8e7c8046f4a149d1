"""The verbs about health and events: what they take, and what they pass on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from pydantic import ValidationError
from twisted.internet.defer import succeed

from pointsman.app.control.health_verbs import health_verbs
from pointsman.app.events import KEPT, Events
from pointsman.app.operating_health import Tried
from pointsman.core.health_report import Outcome, Report


class Health:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def show(self, names: list[str]) -> str:
        self.asked.append(names)
        return "shown"

    def try_now(self, name: str) -> Any:
        self.asked.append(name)
        report = Report("HEAD /", "a:1", 1.0, 0.5, Outcome.GOOD, "200")
        return succeed(Tried("web", "a", report if name == "a" else None))


class Operating:
    def __init__(self) -> None:
        self.health = Health()
        self.running = self
        self.events = Events(lambda: 5.0)
        for number in range(4):
            self.events.note("server", f"web/{number}", "up", "down")


def asked(verb: str, **arguments: Any) -> Any:
    operating: Any = Operating()
    return health_verbs(operating)[verb](arguments)


def test_health() -> None:
    assert asked("health_show", servers=["a"]) == asked("health_show") == "shown"
    told: list[Any] = []
    asked("health_try", server="a").addCallback(told.append)
    asked("health_try", server="b").addCallback(told.append)
    assert (told[0]["pool"], told[0]["server"], told[0]["report"]["outcome"]) == (
        "web", "a", "good",
    )  # fmt: skip
    assert told[1] == {"pool": "web", "server": "a", "report": None}


def test_events() -> None:
    told = asked("events", after=1, most=2)
    assert [asdict(each)["number"] for each in told["events"]] == [3, 4]
    assert told["last"] == 4
    assert len(asked("events")["events"]) == 4


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("health_show", {"servers": "a"}),
        ("health_try", {}),
        ("events", {"after": -1}),
        ("events", {"most": 0}),
        ("events", {"most": KEPT + 1}),
    ],
)
def test_wrong_arguments(verb: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(verb, **arguments)
