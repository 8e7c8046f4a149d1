"""Every choice can be explained, and asking changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.arrivals import Visit, visit
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.contracts import Arrival, Sight
from pointsman.core.explain import Choice, explain
from pointsman.core.members import Member
from pointsman.core.pinning import Kind, Pinning, digest
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED, DRAINING
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.server import RealServer


class Looked(Pins):
    """Pins by client address that tell what they see."""

    def look(self, arrival: Arrival, now: float) -> Sight:
        member = self.pins.get(arrival.client_ip, "")
        return Sight(arrival.client_ip.encode(), member, 12.5 if member else -1.0, -1.0, "seen")


def pool(persistence: Looked | None = None, **options: Any) -> Pool:
    servers = [RealServer(name, weight=weight) for name, weight in (("a", 10), ("b", 20))]
    pinning = Pinning([Kind("looked", persistence)]) if persistence is not None else None
    made = Pool("web", [*map(Member, servers)], FirstOf(), persistence, pinning=pinning, **options)
    made.scheduling = "first"
    made.scheduling_goes_by = "The first."
    return made


def of(made: Pool, arrival: Visit | None = None) -> Choice:
    """The explanation; it must not matter how often it is asked for."""
    arrival = arrival or visit()
    before = [(member.active, member.total) for member in made.members], made.unmet
    first, again = explain(made, arrival, 5.0), explain(made, arrival, 5.0)
    assert first == again
    assert ([(member.active, member.total) for member in made.members], made.unmet) == before
    assert arrival.kept is None
    json.dumps(first.facts())
    assert first.in_words().isascii()
    return first


def test_without_persistence_the_scheduler_chooses() -> None:
    choice = of(pool())
    assert choice.outcome == "there is no persistence, first chooses"
    assert (choice.pins, choice.pinned, choice.server) == ((), "", "")
    assert [(each.name, each.weight, each.state) for each in choice.members] == [
        ("a", 10, "up"), ("b", 20, "up"),
    ]  # fmt: skip
    assert choice.came_to("b", "none").outcome == "there is no persistence, first chooses: b"


def test_a_pin_is_told_with_its_age_and_without_its_key() -> None:
    choice = of(pool(Looked(**{"192.0.2.1": "b"})))
    (pin,) = choice.pins
    assert (pin.kind, pin.member, pin.age, pin.note) == ("looked", "b", 12.5, "seen")
    assert pin.key == digest(b"192.0.2.1")
    assert (choice.server, choice.how, choice.pinned_state) == ("b", "pinned", "up")
    words = choice.in_words()
    assert f"looked {pin.key} is pinned to b for 12 s (seen)" in words
    assert "b is up" in words
    assert words.endswith("candidates (weight/active): a 10/0, b 20/0; first: The first.")
    assert "192.0.2.1" not in words
    assert choice.came_to("b", "pinned") == choice
    assert choice.came_to("a", "rule").outcome.endswith("; it went to a")
    assert choice.came_to("", "").outcome.endswith("; it went to nobody")
    assert choice.came_to("a", "rule", True).outcome == "a rule has named a"
    assert choice.came_to("a", "bound").outcome == "it is logged in on a connection to a"


def test_a_client_that_is_not_pinned() -> None:
    choice = of(pool(Looked()))
    assert choice.outcome == "no pin, first chooses"
    assert " is not pinned (seen)" in choice.in_words()
    assert "has nothing to go by" in of(pool(Looked()), visit("")).in_words()


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("down", "the pin is of no use any more, first chooses"),
        (DISABLED, "the pin is of no use any more, first chooses"),
        (DRAINING, "it goes where it is pinned"),
        ("removed", "the pin is of no use any more, first chooses"),
        ("over-limit", "b is over its limit, its pin stays: move_once"),
    ],
)
def test_the_state_of_the_pinned_server(state: str, outcome: str) -> None:
    made = pool(Looked(**{"192.0.2.1": "b"}))
    member = made.members[1]
    if state == "down":
        member.set_health(False, "refused")
    elif state == "removed":
        made.change(made.members[:1], ())
    elif state == "over-limit":
        member.become(RealServer("b", max_connections=1))
        member.begin()
    else:
        member.set_admin(state)
    choice = of(made)
    assert choice.outcome == outcome
    assert choice.pinned_state == state


def test_a_pool_that_takes_no_work() -> None:
    made = pool(settings=PoolSettings(minimum=2))
    made.members[0].set_health(False, "refused")
    assert of(made).outcome.startswith("the pool takes no work: ")
    down = pool()
    for member in down.members:
        member.set_health(False, "refused")
    choice = of(down)
    assert choice.outcome == "there is no persistence, no server takes new work"
    assert choice.lines()[-1].endswith("none")


def test_a_server_that_has_failed_for_this_request() -> None:
    made = pool(Looked(**{"192.0.2.1": "b"}))
    choice = explain(made, visit(), 5.0, ["b"])
    assert choice.outcome == "b has failed for this very request, first chooses"
    assert choice.lines()[-1] == "candidates (weight/active): a 10/0"
    assert explain(made, visit(), 5.0, ["a", "b"]).outcome.endswith("no server takes new work")


def test_a_server_that_is_not_just_up_is_told() -> None:
    made = pool(settings=PoolSettings(slow_start=30.0))
    made.members[0].set_health(False, "refused")
    made.members[0].set_health(True, "answers")
    assert "a 1/0 slow-start, b 20/0" in of(made).in_words()


def test_a_key_that_is_no_secret_is_shown_as_it_is() -> None:
    class Open(Looked):
        def shown(self, key: bytes) -> str:
            return key.decode()

    assert "looked 192.0.2.1 is not pinned" in of(pool(Open())).in_words()


def test_pins_that_cannot_be_seen_break_nothing() -> None:
    class Closed(Looked):
        def look(self, arrival: Arrival, now: float) -> Sight:
            raise RuntimeError("closed")

    choice = of(pool(Closed()))
    assert choice.outcome == "no pin, first chooses"
    assert "(its table cannot be looked at: RuntimeError: closed)" in choice.in_words()


def test_what_decides_beside_the_kinds_is_told() -> None:
    class Elsewhere(Looked):
        def look(self, arrival: Arrival, now: float) -> Sight:
            return Sight(note="this path is ignored")

    made = pool(Looked())
    made.persistence = Elsewhere()
    choice = of(made)
    assert choice.note == "this path is ignored"
    assert "this path is ignored" in choice.in_words()


def test_names_of_any_letters() -> None:
    made = Pool("pä\r\nge", [Member(RealServer("ä"))], FirstOf())
    assert "p\\xe4\\r\\nge" in of(made).in_words()
    assert "FirstOf chooses" in of(made).in_words()
