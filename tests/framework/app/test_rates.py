"""Rates on a clock that the test moves."""

from __future__ import annotations

from twisted.internet.task import Clock

from kit.recorders import FirstOf
from pointsman.app.metrics import ServiceCounts
from pointsman.app.rates import RateMeter
from pointsman.app.seen import Rates
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings


class Play:
    def __init__(self) -> None:
        self.clock = Clock()
        self.member = Member(RealServer("a"))
        self.pool = Pool("web", [self.member], FirstOf())
        self.service = VirtualService(
            ServiceSettings("site", (Address("127.0.0.1", 80),)), self.pool
        )
        self.counts = ServiceCounts()
        self.meter = RateMeter(
            self.clock.seconds, lambda: [(self.service, self.counts)], lambda: [self.pool]
        )

    def work(self, seconds: int, each: int) -> None:
        """So much happens in each of these seconds."""
        for _ in range(seconds):
            self.meter.tick(self.clock.seconds())
            self.clock.advance(0.5)
            self.meter.tick(self.clock.seconds())
            self.clock.advance(0.5)
            self.service.accepted += each
            self.service.exchanges += 2 * each
            self.counts.bytes_in += 10 * each
            self.counts.bytes_out += 100 * each
            self.member.total += each

    def rates(self) -> Rates:
        return self.meter.of_service(self.service, self.counts)


def test_before_anybody_has_looked_there_are_none() -> None:
    play = Play()
    assert play.rates() == Rates()
    assert play.meter.of_member(play.member) == 0.0
    play.meter.tick(0.0)
    assert play.rates() == Rates()


def test_a_steady_rate_is_told_as_it_is() -> None:
    play = Play()
    play.work(seconds=60, each=7)
    assert play.rates() == Rates(7.0, 14.0, 70.0, 700.0)
    assert play.meter.of_member(play.member) == 7.0


def test_what_is_over_is_forgotten_within_fifteen_seconds() -> None:
    play = Play()
    play.work(seconds=60, each=7)
    play.work(seconds=4, each=0)
    assert 0.0 < play.rates().connections < 7.0
    play.work(seconds=15, each=0)
    assert play.rates() == Rates()


def test_what_is_new_counts_from_when_it_was_first_seen() -> None:
    play = Play()
    play.work(seconds=60, each=7)
    other = Member(RealServer("b"))
    assert play.meter.of_member(other) == 0.0
    service = VirtualService(ServiceSettings("new", (Address("127.0.0.1", 81),)), play.pool)
    assert play.meter.of_service(service, ServiceCounts()) == Rates()


def test_a_service_that_counts_anew_has_no_rate_below_nothing() -> None:
    play = Play()
    play.work(seconds=60, each=7)
    play.service.accepted = play.service.exchanges = 0
    play.counts.bytes_in = play.counts.bytes_out = 0
    assert play.rates() == Rates()
