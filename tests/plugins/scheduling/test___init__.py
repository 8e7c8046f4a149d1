"""Tests of what the scheduling plugin offers: each offer holds the contract of schedulers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

import pointsman_scheduling
from kit.scheduler_contract import SchedulerContract
from pointsman.contracts import Offer, Scheduler, Surroundings

# The options that a scheduler cannot do without.
REQUIRED: Mapping[str, Mapping[str, Any]] = {"header_hash": {"header": "X-Key"}}
NAMES = [
    "round_robin",
    "weighted_round_robin",
    "least_connections",
    "weighted_least_connections",
    "least_requests",
    "random_two",
    "fixed",
    "response_time",
    "source_hash",
    "uri_hash",
    "header_hash",
]


def offer(name: str) -> Offer:
    return pointsman_scheduling.schedulers()[name]


def made(name: str, **options: object) -> Scheduler:
    settings = offer(name).settings.model_validate({**REQUIRED.get(name, {}), **options})
    scheduler: Scheduler = offer(name).make(settings, Surroundings(pool="web", mode="http"))
    return scheduler


def test_these_are_offered() -> None:
    assert list(pointsman_scheduling.schedulers()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_offer_tells_people_what_it_is(name: str) -> None:
    assert offer(name).doc.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="wieght"):
        made(name, wieght=3)


class TestRoundRobin(SchedulerContract):
    def make(self) -> Scheduler:
        return made("round_robin")


class TestWeightedRoundRobin(SchedulerContract):
    def make(self) -> Scheduler:
        return made("weighted_round_robin")


class TestLeastConnections(SchedulerContract):
    def make(self) -> Scheduler:
        return made("least_connections")


class TestWeightedLeastConnections(SchedulerContract):
    def make(self) -> Scheduler:
        return made("weighted_least_connections")


class TestLeastRequests(SchedulerContract):
    def make(self) -> Scheduler:
        return made("least_requests")


class TestRandomTwo(SchedulerContract):
    def make(self) -> Scheduler:
        return made("random_two")


class TestFixed(SchedulerContract):
    def make(self) -> Scheduler:
        return made("fixed")


class TestFixedNeverBack(SchedulerContract):
    def make(self) -> Scheduler:
        return made("fixed", failback="never")


class TestFixedBackAfter(SchedulerContract):
    def make(self) -> Scheduler:
        return made("fixed", failback="after", after="50ms")


class TestResponseTime(SchedulerContract):
    def make(self) -> Scheduler:
        return made("response_time")


class TestSourceHash(SchedulerContract):
    def make(self) -> Scheduler:
        return made("source_hash")


class TestURIHash(SchedulerContract):
    def make(self) -> Scheduler:
        return made("uri_hash")


class TestURIHashWithQuery(SchedulerContract):
    def make(self) -> Scheduler:
        return made("uri_hash", query=True)


class TestHeaderHash(SchedulerContract):
    def make(self) -> Scheduler:
        return made("header_hash")
