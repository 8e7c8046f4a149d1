"""The site at work. That the steps do what they say is a scenario."""

from __future__ import annotations

import io
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from pointsman.app.demo.lync.clients import Crowd, MobileClient
from pointsman.app.demo.lync.living import LIVING, nobody_unanswered, of
from pointsman.app.demo.lync.telling import Telling


def client(server: str, **seen: int) -> MobileClient:
    made = MobileClient(("127.0.0.1", 1), "127.0.1.1", ssl.create_default_context())
    made.server = server
    made.seen.update({name.strip("_"): count for name, count in seen.items()})
    return made


def test_they_come_in_this_order() -> None:
    assert [step.__name__ for step in LIVING] == [
        "mobile_clients",
        "killed",
        "brought_back",
        "drained",
    ]


def test_of_a_crowd_those_of_one_front_end_are_found() -> None:
    crowd = Crowd([client("fe1"), client("fe2"), client("fe1")])
    assert of(crowd, "fe1").clients == (crowd.clients[0], crowd.clients[2])


@pytest.mark.parametrize(
    ("seen", "all_answered"),
    [({"ok": 3, "_404": 1}, True), ({"ok": 3, "none": 1}, False), ({"_500": 1}, False)],
)
def test_somebody_who_was_not_answered_or_with_an_error_is_noticed(
    seen: dict[str, int], all_answered: bool
) -> None:
    telling = Telling(Console(file=io.StringIO()))
    tour: Any = SimpleNamespace(telling=telling, crowds={Crowd([client("fe1", **seen)]): ""})
    nobody_unanswered(tour)
    (claim,) = telling.claims
    assert claim.seen is all_answered
