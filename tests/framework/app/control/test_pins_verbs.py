"""The verbs about pins: what they take, and what they pass on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pointsman.app.control.pins_verbs import MOST_AT_ONCE, pins_verbs
from pointsman.app.control.writing import Parts
from pointsman.app.operating_pins import PinsTaken
from pointsman.app.pins import Wanted
from pointsman.model.errors import OperatingError


class Noting:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def note(*arguments: Any, **more: Any) -> Any:
            self.asked.append((name, *arguments, *more.items()))
            if name == "export":
                return iter([[{"a": 1}], [], [{"b": 2}]])
            return PinsTaken(1, 2) if name == "take_in" else 7

        return note


def asked(verb: str, **arguments: Any) -> tuple[Any, Any]:
    noting: Any = Noting()
    answer = pins_verbs(noting)[verb](arguments)
    (one,) = noting.asked
    return answer, one


@pytest.mark.parametrize(
    ("verb", "arguments", "passed"),
    [
        ("pins_list", {}, ("page", Wanted(), 100, "", ("reveal", False))),
        (
            "pins_list",
            {"pool": "p", "server": "s", "unused": 2.5, "limit": 3, "after": "x", "reveal": True},
            ("page", Wanted("p", "s", "", 2.5), 3, "x", ("reveal", True)),
        ),
        ("pins_find", {"client": "c"}, ("find", Wanted(client="c"), ("reveal", False))),
        ("pins_count", {"pool": "p"}, ("counts", Wanted("p"))),
        ("pins_drop", {"all": True}, ("drop", Wanted())),
        ("pins_drop", {"unused": 3}, ("drop", Wanted(unused=3))),
        ("pins_move", {"server": "s", "to": "t"}, ("move", Wanted(server="s"), "t")),
        ("pins_expire", {}, ("expire",)),
    ],
)
def test_what_is_passed_on(verb: str, arguments: dict[str, Any], passed: tuple[Any, ...]) -> None:
    assert asked(verb, **arguments) == (7, passed)


def test_pins_go_out_in_parts_and_empty_ones_are_left_out() -> None:
    answer, passed = asked("pins_export", pool="p")
    assert passed == ("export", Wanted("p"))
    assert isinstance(answer, Parts)
    assert [*answer.parts] == [[{"a": 1}], [{"b": 2}]]
    assert answer.last() is None


def test_pins_come_in_some_at_a_time() -> None:
    assert asked("pins_import", records=[{"a": 1}]) == (
        PinsTaken(1, 2),
        ("take_in", [{"a": 1}]),
    )
    with pytest.raises(ValidationError):
        asked("pins_import", records=[{}] * (MOST_AT_ONCE + 1))


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("pins_find", {}),
        ("pins_find", {"client": ""}),
        ("pins_list", {"unused": -1.0}),
        ("pins_list", {"unused": float("nan")}),
        ("pins_move", {"server": "a"}),
        ("pins_expire", {"pool": "a"}),
    ],
)
def test_wrong_arguments(verb: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(verb, **arguments)


@pytest.mark.parametrize("verb", ["pins_drop", "pins_move"])
def test_nobody_is_meant_by_accident(verb: str) -> None:
    with pytest.raises(OperatingError, match="say whose pins"):
        asked(verb, **({"to": "b"} if verb == "pins_move" else {}), pool="p")
