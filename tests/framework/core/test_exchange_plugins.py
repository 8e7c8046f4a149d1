"""Schedulers and persistences that raise: one request pays, and it is said."""

import operator
from functools import partial

import pytest

from kit.recorders import Stage, request
from pointsman.contracts import Arrival
from pointsman.model.message import ResponseHead


class Unruly:
    """A persistence that raises when it sees a response."""

    wants_response = True
    table = None

    def find(self, arrival: Arrival, now: float) -> str | None:
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> None:
        return None

    def forget(self, arrival: Arrival) -> None:
        return None

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        raise RuntimeError("cannot learn")


def test_a_scheduler_that_raises_costs_one_request_and_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    monkeypatch.setattr(stage.scheduler, "pick", partial(operator.truediv, 1))
    stage.asks(request())
    assert stage.client.said[0] == "head 500"
    assert stage.record.termination == "plugin_error"
    ((asked, error),) = stage.reports
    assert asked == "to choose a member"
    assert isinstance(error, TypeError)
    stage.check_it_is_over()


def test_a_persistence_that_cannot_learn_changes_nothing_for_the_client() -> None:
    stage = Stage(persistence=Unruly())
    stage.asks(request())
    stage.upstreams.last.connects()
    stage.upstream.answers(200, b"hello")
    assert stage.client.said == ["head 200", "data 5", "end", "done"]
    assert [asked for asked, _ in stage.reports] == ["to learn from a response"]
    stage.check_it_is_over()
