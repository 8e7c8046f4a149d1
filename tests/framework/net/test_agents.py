"""Agents beside a health check: their words count, their silence does not."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from kit.dialling import FakeCall
from kit.words import WordCheck, WordProbe
from pointsman.contracts import Verdict
from pointsman.contracts.health import DOWN, DRAIN, MAINTENANCE
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.agents import AgentChecks
from pointsman.net.call import Dialled
from pointsman.net.probe_transports import ProbeTransports


class Words(WordProbe):
    """What the agent check in the box makes of words, in short."""

    def receive(self, data: bytes) -> Verdict:
        word = data.decode()
        if word.endswith("%"):
            return Verdict(True, word, share=int(word[:-1]))
        if word in (DRAIN, MAINTENANCE, "ready"):
            return Verdict(True, word, admin=word)
        if word == DOWN:
            return Verdict(False, word, admin=DOWN)
        return Verdict(word == "up", word)


class Agent(WordCheck):
    def probe(self, server: RealServer) -> Words:
        return Words()


class Site:
    def __init__(self) -> None:
        self.clock = Clock()
        self.answer = "100%"
        transports = ProbeTransports(self.clock, self.dial, lambda host: ())
        self.agents = AgentChecks(self.clock, transports, lambda: 1000.0)
        self.member = Member(RealServer("a", Address.parse("10.0.0.1:9707")))
        timing = HealthTiming(interval=5.0, timeout=1.0, retries=0)
        self.agents.add(CheckPlan("web", self.member, Agent(), timing))
        self.agents.start()

    def dial(self, server: RealServer, timeout: float, owner: Dialled) -> None:
        call = FakeCall(server, owner, self.clock.seconds())
        if self.answer == "refuse":
            call.fail()
        else:
            call.connect().owner.data_received(self.answer.encode())

    def say(self, answer: str) -> str:
        self.answer = answer
        self.clock.pump([0.5] * 12)
        return self.member.state


@pytest.fixture
def site() -> Site:
    return Site()


def test_it_is_no_health_check(site: Site) -> None:
    assert not site.member.checking
    assert site.say("50%") == "up"
    assert (site.member.up, site.member.weight, site.member.reason) == (
        True,
        500,
        "it is not checked",
    )


def test_its_words_set_the_state_and_down_lasts_until_another_word(site: Site) -> None:
    assert site.say(DRAIN) == "draining"
    assert site.say("50%") == "draining"  # only `ready` takes it back
    assert site.say("ready") == "up"
    assert site.say(DOWN) == "down"
    assert (site.member.up, site.member.why) == (True, "down")
    assert site.say("up") == "up"
    assert site.say(DOWN) == "down"
    assert site.say("70%") == "up"
    assert site.member.weight == 700


def test_what_it_said_last_holds_while_it_is_not_heard(site: Site) -> None:
    site.say("40%")
    with capturedLogs() as events:
        for answer in ("refuse", "refuse", "nonsense", "refuse"):
            assert site.say(answer) == "up"
        assert site.member.weight == 400
        site.say("60%")
    assert [formatEvent(event) for event in events] == [
        "the agent of web/a is not heard, what it said last holds: "
        "cannot connect to 10.0.0.1:9707: Connection refused",
        "web/a wants 60% of its weight: 60%",
        "the agent of web/a is heard: 60%",
    ]


def test_a_server_that_its_agent_calls_down_stays_so_while_it_is_not_heard(site: Site) -> None:
    assert site.say(DOWN) == "down"
    assert site.say("refuse") == "down"
    assert site.say("ready") == "up"
