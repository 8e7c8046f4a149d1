"""What can be decided at each event on the way to a server, and what becomes of it."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kit.recorders import request, response
from kit.rulebooks import PlannedRules, Waiting, names
from kit.ruled_stage import RuledStage
from pointsman.core.server_states import DISABLED, DRAINING
from pointsman.model.decision import (
    Close,
    Decision,
    Forward,
    More,
    Pending,
    Refuse,
    Respond,
    Retry,
)

ENDINGS: list[tuple[Decision, list[str]]] = [
    (Respond(418, b"teapot"), ["head 418", "data 6", "end", "done"]),
    (Refuse(403), ["head 403", "data 31", "end", "done"]),
    (Close(reset=True), ["cut", "done"]),
]


def plays(stage: RuledStage, event: str) -> None:
    """Lead a request to that event."""
    stage.asks(request())
    if event == "connect_failed":
        stage.upstreams.last.fails()
    elif event == "upstream_request":
        stage.upstreams.last.connects()


@pytest.mark.parametrize(("decision", "said"), ENDINGS)
@pytest.mark.parametrize("event", ["request", "selected", "connect_failed", "upstream_request"])
@pytest.mark.parametrize("waits", [False, True])
def test_it_may_be_ended_anywhere(
    event: str, decision: Decision, said: list[str], waits: bool
) -> None:
    pending = Pending()
    plans: dict[str, Any] = {event: lambda _: pending if waits else decision}
    stage = RuledStage(**plans)
    plays(stage, event)
    pending.decide(decision)
    assert stage.client.said == said
    assert stage.record.termination == "rule"
    assert sum(member.failures for member in stage.members) == (event == "connect_failed")
    stage.check_it_is_over()


@pytest.mark.parametrize("event", ["request", "selected", "connect_failed", "upstream_request"])
@pytest.mark.parametrize("what", ["gone", "stop", "dropped"])
def test_it_may_end_while_a_rule_waits(event: str, what: str) -> None:
    waiting = Waiting()
    plans: dict[str, Any] = {event: waiting}
    stage = RuledStage(servers=1, **plans)
    plays(stage, event)
    if what == "dropped":
        stage.exchange.server_dropped(stage.members[0])
    elif what == "stop":
        stage.exchange.stop()
    if not stage.exchange.over:
        stage.exchange.client_gone()
    assert waiting.cancelled == 1
    stage.check_it_is_over()


@pytest.mark.parametrize("decision", [More(), Retry(), Retry("other")])
def test_what_has_no_meaning_at_an_event_changes_nothing(decision: Decision) -> None:
    stage = RuledStage(request=decision)
    stage.asks(request())
    assert stage.upstreams.last.member.name == "a"


# ---- where it goes ----


def test_a_rule_chooses_the_pool() -> None:
    stage = RuledStage(request=Forward("other"))
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers()
    assert (stage.record.server, stage.record.pin) == ("x", "none")
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("wish", "gets", "pin"),
    [
        (Forward("", "b"), "b", "rule"),
        (Forward("other", "y"), "y", "rule"),
        (Forward("", "z"), "a", "none"),
        (Forward("other", "b"), "x", "none"),
    ],
)
def test_a_rule_chooses_the_server(wish: Forward, gets: str, pin: str) -> None:
    stage = RuledStage(request=wish)
    stage.asks(request())
    assert stage.upstreams.last.member.name == gets
    assert stage.ruled.pin == pin


@pytest.mark.parametrize("state", [DRAINING, DISABLED])
def test_a_server_that_is_named_gets_it_while_it_takes_pinned_clients(state: str) -> None:
    stage = RuledStage(request=Forward("", "b"))
    stage.members[1].set_admin(state)
    stage.asks(request())
    assert stage.upstreams.last.member.name == ("b" if state == DRAINING else "a")


def test_a_server_may_be_required() -> None:
    stage = RuledStage(request=Forward("", "b", required=True))
    stage.members[1].set_admin(DISABLED)
    stage.asks(request())
    assert stage.client.said[0] == "head 503"
    assert stage.record.termination == "rule"
    stage.check_it_is_over()


def test_a_named_server_that_fails_is_not_asked_again() -> None:
    stage = RuledStage(request=Forward("", "b"))
    stage.asks(request())
    stage.upstreams.last.fails()
    assert stage.upstreams.last.member.name == "a"


def test_the_service_may_choose_the_pool_if_the_rule_does_not() -> None:
    stage = RuledStage(request=None)
    stage.service.route = lambda arrival: stage.other
    stage.asks(request())
    assert stage.upstreams.last.member.name == "x"


# ---- select ----


def test_a_rule_selects_among_the_candidates() -> None:
    seen: list[list[str]] = []

    def select(_: Any, candidates: Any) -> str:
        seen.append(names(candidates))
        return "b"

    stage = RuledStage(servers=3, select=select)
    stage.members[0].set_admin(DISABLED)
    stage.asks(request())
    assert seen == [["b", "c"]]
    assert stage.upstreams.last.member.name == "b"
    stage.upstreams.last.fails()
    assert seen[1:] == [["c"]]
    assert stage.upstreams.last.member.name == "c"  # b is no candidate any more


@pytest.mark.parametrize("said", [None, "nobody"])
def test_the_scheduler_chooses_if_the_rule_does_not(said: str | None) -> None:
    stage = RuledStage(PlannedRules(select=lambda *_: said), PlannedRules(select=lambda *_: None))
    stage.asks(request())
    assert stage.upstreams.last.member.name == "a"


@pytest.mark.parametrize(("decision", "said"), ENDINGS)
def test_a_selection_may_refuse(decision: Decision, said: list[str]) -> None:
    stage = RuledStage(select=lambda *_: decision)
    stage.asks(request())
    assert stage.client.said == said
    stage.check_it_is_over()


def test_a_selection_that_raises_costs_this_exchange_only() -> None:
    def oh(*_: object) -> None:
        raise KeyError("oh")

    stage = RuledStage(select=oh)
    stage.asks(request())
    assert stage.client.said[0] == "head 500"
    stage.check_it_is_over()


# ---- selected ----


def test_another_server_may_be_wanted() -> None:
    stage = RuledStage(servers=3, selected=lambda one: Retry() if one.server == "a" else None)
    stage.asks(request())
    assert stage.upstreams.last.member.name == "b"
    assert stage.ruled.attempts == 1
    assert [member.active for member in stage.members] == [0, 1, 0, 0, 0]


def test_whoever_wants_another_one_each_time_gets_the_last() -> None:
    stage = RuledStage(servers=3, selected=Retry())
    stage.asks(request())
    assert stage.asked == ["selected"] * 3
    assert stage.upstreams.last.member.name == "c"


def test_whoever_sends_it_to_and_fro_comes_to_an_end() -> None:
    stage = RuledStage(selected=lambda one: Forward("other" if one.pool == "pool" else "pool"))
    stage.asks(request())
    assert stage.client.said[0] == "head 502"
    stage.check_it_is_over()


def test_names_may_be_excluded() -> None:
    stage = RuledStage(servers=4, selected=lambda one: Retry(exclude=["b", "c"])
                       if one.server == "a" else None)  # fmt: skip
    stage.asks(request())
    assert stage.upstreams.last.member.name == "d"


# ---- connect_failed ----


def test_a_failure_is_told_and_goes_as_it_would() -> None:
    stage = RuledStage(connect_failed=lambda one: one.notes.update(why=str(one.failure)))
    stage.asks(request())
    stage.upstreams.last.fails()
    assert stage.ruled.notes == {"why": "Connection refused"}
    assert stage.upstreams.last.member.name == "b"
    assert stage.members[0].failures == 1


def test_what_this_machine_is_short_of_is_no_matter_for_rules() -> None:
    stage = RuledStage(connect_failed=Retry())
    stage.asks(request())
    stage.upstreams.last.fails("Too many open files", errno.EMFILE)
    assert stage.client.said[0] == "head 503"
    assert stage.members[0].failures == 0


@pytest.mark.parametrize(
    ("decision", "gets"),
    [(Retry(), "b"), (Retry(exclude=["b"]), "c"), (Retry("other"), "x"), (Forward("other"), "x")],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_rule_says_who_is_next(decision: Decision, gets: str, waits: bool) -> None:
    pending = Pending()
    stage = RuledStage(servers=3, connect_failed=lambda _: pending if waits else decision)
    stage.asks(request())
    stage.upstreams.last.fails()
    pending.decide(decision)
    assert stage.upstreams.last.member.name == gets
    assert stage.members[0].failures == 1


def test_a_rule_cannot_try_for_ever() -> None:
    stage = RuledStage(servers=8, max_attempts=3, connect_failed=Retry())
    stage.asks(request())
    for _ in range(3):
        stage.upstreams.last.fails()
    assert stage.client.said[0] == "head 502"
    assert stage.record.attempts == 3
    stage.check_it_is_over()


# ---- upstream_request ----


def test_only_the_copy_for_the_server_is_changed() -> None:
    def change(_: object) -> None:
        assert stage.ruled.outgoing is not None
        stage.ruled.outgoing.target = b"/elsewhere"
        stage.ruled.outgoing.headers.set(b"Host", b"inside")

    stage = RuledStage(upstream_request=change)
    stage.asks(request())
    stage.upstreams.last.connects()
    assert [each.head for each in stage.upstreams.made] == [b"GET /elsewhere"]
    assert stage.exchange.request is not None
    assert stage.exchange.request.target == b"/"
    assert stage.exchange.request.headers.get(b"host") == b"example.org"


def test_each_attempt_has_a_copy_of_its_own() -> None:
    stage = RuledStage(upstream_request=lambda one: setattr(
        one.outgoing, "target", one.outgoing.target + b"x"))  # fmt: skip
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.fails()
    stage.upstreams.last.connects()
    assert [each.head for each in stage.upstreams.made] == [b"GET /x", b"GET /x"]


def test_time_that_rules_take_is_not_time_to_connect() -> None:
    pending = Pending()
    stage = RuledStage(upstream_request=lambda _: pending)
    stage.asks(request())
    stage.now += 1
    stage.upstreams.last.connects()
    stage.now += 5
    pending.decide(None)
    stage.upstream.answers()
    assert stage.record.connect == 1.0


@pytest.mark.parametrize("reused", [False, True])
def test_a_connection_that_breaks_while_a_rule_waits_costs_nothing(reused: bool) -> None:
    waiting = Waiting()
    stage = RuledStage(upstream_request=waiting)
    stage.asks(request(b"POST"))
    stage.upstreams.last.connects(reused=reused)
    stage.upstream.fails()
    assert waiting.cancelled == 1
    assert stage.upstreams.last.member.name == ("a" if reused else "b")
    assert stage.upstreams.fresh[-1] is reused


def test_a_server_that_answers_before_it_is_asked_is_not_believed() -> None:
    stage = RuledStage(upstream_request=Waiting())
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.exchange.response_interim(response(103))
    stage.upstream.answers(200, b"stolen")
    assert stage.client.said[0] == "head 502"
    stage.check_it_is_over()


def test_a_client_that_a_server_held_up_goes_on_at_the_next_one() -> None:
    stage = RuledStage(servers=2)
    stage.asks(request())
    first = stage.upstreams.last.connects()
    stage.exchange.upstream_blocked()
    assert stage.client.held
    first.fails("response", retryable=True)
    stage.upstreams.last.connects()
    assert not stage.client.held


def test_a_client_that_goes_while_a_server_is_taken_out_is_not_brought_to_another() -> None:
    stage = RuledStage(servers=2)
    stage.asks(request())
    upstream = stage.upstreams.last.connects()
    upstream.planned["aborted"] = stage.exchange.client_gone
    assert stage.exchange.member is not None
    stage.exchange.server_dropped(stage.exchange.member)
    assert len(stage.upstreams.openings) == 1
    stage.check_it_is_over()
