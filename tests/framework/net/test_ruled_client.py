"""Asking rules about a connection: in order, waiting, and closing where they fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent

from kit.logs import noted_log
from kit.recorders import FACTS, Stage
from kit.rulebooks import PlannedRules, Waiting
from pointsman.core.rules import Rules
from pointsman.model.decision import Close, Decision, Forward, More, Pending
from pointsman.net.ruled_client import RuledClient


@pytest.fixture
def log() -> Iterator[list[LogEvent]]:
    with noted_log() as events:
        yield events


class Asked:
    """A client whose rules are asked at ``connection``."""

    def __init__(self, *plans: Any, **more: Any) -> None:
        stage = Stage()
        books = [PlannedRules(connection=plan) for plan in plans] + [PlannedRules(**more)]
        self.rules = stage.service.rules = Rules(books, {"pool": stage.pool})
        self.client = RuledClient(stage.service, FACTS)
        self.said: list[Decision | None] = []
        self.client.ask("connection", self.rules.connection, self.said.append)


def test_nobody_decides() -> None:
    assert Asked(None, None).said == [None]
    assert Asked().said == [None]


def test_the_first_decision_wins_and_a_pool_is_noted() -> None:
    asked = Asked(None, Forward("pool"), Close())
    assert asked.said == [Forward("pool")]
    assert asked.client.forward == Forward("pool")


@pytest.mark.parametrize("decision", [None, Close(), Forward("pool"), More()])
def test_waiting(decision: Decision | None) -> None:
    pending = Pending()
    asked = Asked(lambda _: pending)
    assert asked.said == []
    pending.decide(decision)
    assert asked.said == [decision]


def test_the_next_one_may_speak_after_waiting() -> None:
    pending = Pending()
    asked = Asked(lambda _: pending, Close(reset=True))
    pending.decide(None)
    assert asked.said == [Close(reset=True)]


def oh(*_: object) -> None:
    raise KeyError("oh")


@pytest.mark.parametrize("plan", [oh, Forward("nowhere")])
def test_what_fails_closes_and_is_logged(plan: Any, log: list[LogEvent]) -> None:
    assert Asked(plan).said == [Close()]
    assert len(log) == 1


def test_bytes_are_no_decision(log: list[LogEvent]) -> None:
    pending = Pending()
    asked = Asked(lambda _: pending)
    pending.decide(b"x")
    assert asked.said == [Close()]
    assert len(log) == 1


def test_whoever_leaves_is_not_waited_for() -> None:
    waiting = Waiting()
    closed: list[object] = []
    asked = Asked(waiting, close=closed.append)
    asked.client.closed()
    asked.client.closed()
    assert waiting.cancelled == 1
    assert closed == [asked.client]
    assert asked.said == []


def test_whoever_leaves_within_a_call_is_not_waited_for_either() -> None:
    waiting = Waiting()

    def leaves(client: Any) -> Pending:
        client.closed()
        return waiting()

    asked = Asked(leaves)
    assert waiting.cancelled == 1
    assert asked.said == []


def test_one_that_fails_at_the_end_is_logged(log: list[LogEvent]) -> None:
    def cancel() -> None:
        raise KeyError("oh")

    asked = Asked(lambda _: Pending(cancel), close=oh)
    asked.client.closed()
    assert len(log) == 2


def test_memory_is_made_when_it_is_asked_for() -> None:
    client = Asked().client
    client.memory["a"] = 1
    assert client.memory == {"a": 1}
    assert (client.service, client.client_ip, client.tls) == ("service", FACTS.peer_ip, None)
