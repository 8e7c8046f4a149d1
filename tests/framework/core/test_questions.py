"""Asking rulebooks: in order, the first decision wins, and waiting hurts nobody."""

from __future__ import annotations

from typing import Any

import pytest

from kit.recorders import request
from kit.rulebooks import PlannedRules, Waiting
from kit.ruled_stage import RuledStage
from pointsman.model.decision import Forward, Pending, Refuse, Respond


def test_all_are_asked_in_order_if_nobody_decides() -> None:
    order: list[str] = []
    books = [PlannedRules(request=lambda _, name=name: order.append(name)) for name in "abc"]
    stage = RuledStage(*books)
    stage.asks(request())
    assert order == ["a", "b", "c"]
    assert stage.upstreams.last.member.name == "a"


def test_the_first_decision_wins() -> None:
    books = [PlannedRules(request=None), PlannedRules(request=Refuse(403)),
             PlannedRules(request=Refuse(404))]  # fmt: skip
    stage = RuledStage(*books)
    stage.asks(request())
    assert stage.client.said[0] == "head 403"
    assert [book.asked for book in books] == [["request"], ["request"], []]
    stage.check_it_is_over()


def test_whoever_has_nothing_to_say_after_waiting_lets_the_next_one_speak() -> None:
    pending = Pending()
    later = PlannedRules(request=Respond(200, b"later"))
    stage = RuledStage(PlannedRules(request=lambda _: pending), later)
    stage.asks(request())
    assert stage.client.said == []
    assert later.asked == []
    pending.decide(None)
    assert stage.client.body == b"later"
    stage.check_it_is_over()


def test_a_decision_may_come_before_the_waiting_began() -> None:
    def decides(_: object) -> Pending:
        pending = Pending()
        pending.decide(Refuse(429))
        return pending

    stage = RuledStage(request=decides)
    stage.asks(request())
    assert stage.client.said[0] == "head 429"
    stage.check_it_is_over()


def test_the_client_may_leave_while_a_rule_waits() -> None:
    waiting = Waiting()
    stage = RuledStage(request=waiting)
    stage.asks(request())
    stage.exchange.client_gone()
    assert waiting.cancelled == 1
    assert stage.record.termination == "client_aborted"
    stage.check_it_is_over()


def test_a_late_word_has_no_effect() -> None:
    pending = Pending()
    stage = RuledStage(request=lambda _: pending)
    stage.asks(request())
    stage.exchange.stop()
    pending.decide(Respond(200))
    assert stage.client.said[0] == "head 503"
    stage.check_it_is_over()


@pytest.mark.parametrize("event", ["request", "selected", "upstream_request", "response", "error"])
def test_one_that_raises_costs_this_exchange_only(event: str) -> None:
    def oh(_: object) -> None:
        raise KeyError("oh")

    plans: dict[str, Any] = {event: oh}
    stage = RuledStage(servers=0 if event == "error" else 2, **plans)
    stage.asks(request())
    if stage.upstreams.openings:
        stage.upstreams.last.connects()
    if event == "response":
        stage.upstream.answers(200, b"secret")
    assert stage.client.said[0] == "head 500"
    assert b"secret" not in stage.client.body
    assert {asked for asked, _ in stage.reports} == {f"to rule at {event}"}
    stage.check_it_is_over()


def test_a_pool_that_is_not_there_costs_this_exchange_only() -> None:
    stage = RuledStage(request=Forward("nowhere"))
    stage.asks(request())
    assert stage.client.said[0] == "head 500"
    assert str(stage.reports[0][1]) == "there is no pool 'nowhere'"
    assert stage.record.termination == "plugin_error"


def test_bytes_are_no_decision() -> None:
    pending = Pending()
    stage = RuledStage(request=lambda _: pending)
    stage.asks(request())
    pending.decide(b"what a filter says")
    assert stage.client.said[0] == "head 500"
    stage.check_it_is_over()


def test_a_cancel_that_raises_is_only_told() -> None:
    def cancel() -> None:
        raise KeyError("oh")

    stage = RuledStage(request=lambda _: Pending(cancel))
    stage.asks(request())
    stage.exchange.client_gone()
    assert [asked for asked, _ in stage.reports] == ["to wait no more"]
    stage.check_it_is_over()


def test_everybody_is_asked_to_log_even_if_one_raises() -> None:
    def oh(_: object) -> None:
        raise KeyError("oh")

    logs = PlannedRules(log=lambda exchange: exchange.log_fields.update(a="1"))
    stage = RuledStage(PlannedRules(log=oh), logs)
    stage.asks(request())
    stage.exchange.client_gone()
    assert stage.record.fields == {"a": "1"}
    assert [asked for asked, _ in stage.reports] == ["to log"]
