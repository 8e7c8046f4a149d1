"""Names are looked up in the background, on an interval, and the last good answer is kept."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IAddress, IHostnameResolver, IResolutionReceiver
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from zope.interface import implementer

from kit.real_reactor import run_reactor
from pointsman.net.names import LOOKUP_LIMIT, RETRY, Names


@implementer(IHostnameResolver)
class Resolver:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, IResolutionReceiver]] = []
        self.raises: Exception | None = None

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        if self.raises is not None:
            raise self.raises
        self.asked.append((hostName, resolutionReceiver))

    def answer(self, *hosts: str, place: int = -1) -> None:
        _, receiver = self.asked[place]
        for host in hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, 0))
        receiver.resolutionComplete()


class FakeReactor(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.nameResolver = Resolver()


@pytest.fixture
def reactor() -> FakeReactor:
    return FakeReactor()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[tuple[Any, str | None]]]]:
    with capturedLogs() as events:
        yield lambda: [
            (event["log_level"], formatEvent(event))
            for event in events
            if event["log_namespace"] == "pointsman.net.names.Names"
        ]


def test_both_families_are_known_in_the_resolvers_order(reactor: FakeReactor) -> None:
    names = Names(reactor)
    names.watch("web.example")
    assert names.addresses("web.example") == ()
    started = names.start()
    reactor.nameResolver.answer("2001:db8::1", "10.0.0.1", "2001:db8::1")
    assert names.addresses("web.example") == ("2001:db8::1", "10.0.0.1")
    assert names.addresses("other.example") == ()
    assert started.called
    names.stop()
    assert reactor.getDelayedCalls() == []


def test_start_waits_for_each_name_and_a_failure_counts(reactor: FakeReactor) -> None:
    names = Names(reactor)
    names.watch("a.example")
    names.watch("b.example")
    names.watch("a.example")
    started = names.start()
    assert [host for host, _ in reactor.nameResolver.asked] == ["a.example", "b.example"]
    reactor.nameResolver.answer("10.0.0.1", place=0)
    assert not started.called
    reactor.nameResolver.answer(place=1)
    assert started.called
    names.stop()


def test_start_is_bounded(reactor: FakeReactor) -> None:
    names = Names(reactor, patience=3.0)
    names.watch("slow.example")
    started = names.start()
    reactor.advance(2.9)
    assert not started.called
    reactor.advance(0.1)
    assert started.called
    reactor.nameResolver.answer("10.0.0.1")
    assert names.addresses("slow.example") == ("10.0.0.1",)
    names.stop()


def test_start_without_names_is_done_at_once(reactor: FakeReactor) -> None:
    names = Names(reactor)
    assert names.start().called
    names.watch("late.example")
    reactor.nameResolver.answer("10.0.0.1")
    assert names.addresses("late.example") == ("10.0.0.1",)
    names.stop()
    assert reactor.getDelayedCalls() == []


def test_a_name_is_looked_up_again_on_the_interval(reactor: FakeReactor, lines: Any) -> None:
    names = Names(reactor, interval=60.0)
    names.watch("web.example")
    names.start()
    reactor.nameResolver.answer("10.0.0.1")
    reactor.advance(59.9)
    assert len(reactor.nameResolver.asked) == 1
    reactor.advance(0.1)
    assert len(reactor.nameResolver.asked) == 2
    assert names.addresses("web.example") == ("10.0.0.1",)  # meanwhile
    reactor.nameResolver.answer("10.0.0.1")
    reactor.advance(60.0)
    reactor.nameResolver.answer("10.0.0.2")
    assert names.addresses("web.example") == ("10.0.0.2",)
    assert lines() == [
        (LogLevel.info, "web.example is 10.0.0.1"),
        (LogLevel.info, "web.example is 10.0.0.2"),
    ]
    names.stop()


def test_the_last_good_answer_is_kept_and_a_run_of_failures_is_said_once(
    reactor: FakeReactor, lines: Any
) -> None:
    names = Names(reactor, interval=60.0)
    names.watch("web.example")
    names.start()
    reactor.nameResolver.answer("10.0.0.1")
    reactor.advance(60.0)
    for _ in range(3):
        reactor.nameResolver.answer()
        assert names.addresses("web.example") == ("10.0.0.1",)
        reactor.advance(RETRY)
    reactor.nameResolver.answer("10.0.0.1")
    reactor.advance(60.0)
    reactor.nameResolver.answer()
    failed = (
        LogLevel.warn,
        "cannot resolve web.example: no such name, or no answer; addresses that are kept: 10.0.0.1",
    )
    back = (LogLevel.info, "web.example is 10.0.0.1")
    assert lines() == [back, failed, back, failed]
    names.stop()


def test_a_resolver_that_raises_or_never_ends_is_asked_again(reactor: FakeReactor) -> None:
    names = Names(reactor)
    names.watch("web.example")
    reactor.nameResolver.raises = UnicodeError("label too long")
    assert names.start().called
    reactor.nameResolver.raises = None
    reactor.advance(RETRY)
    assert len(reactor.nameResolver.asked) == 1
    reactor.advance(LOOKUP_LIMIT)
    reactor.advance(RETRY)
    assert len(reactor.nameResolver.asked) == 2
    reactor.nameResolver.answer("10.9.9.9", place=0)  # too late, not listened to
    assert names.addresses("web.example") == ()
    reactor.nameResolver.answer("10.0.0.1")
    assert names.addresses("web.example") == ("10.0.0.1",)
    names.stop()


def test_nothing_happens_after_stop(reactor: FakeReactor) -> None:
    names = Names(reactor)
    names.watch("web.example")
    started = names.start()
    names.stop()
    names.stop()
    assert started.called
    reactor.nameResolver.answer("10.0.0.1")
    assert names.addresses("web.example") == ()
    assert reactor.getDelayedCalls() == []


def test_the_systems_resolver_knows_localhost() -> None:
    async def work(reactor: EPollReactor) -> tuple[str, ...]:
        names = Names(reactor)
        names.watch("localhost")
        await names.start()
        names.stop()
        return names.addresses("localhost")

    assert set(run_reactor(work)) & {"127.0.0.1", "::1"}


def test_names_that_come_later_can_be_waited_for(reactor: FakeReactor) -> None:
    names = Names(reactor, patience=3.0)
    names.start()
    assert names.settled().called
    names.watch("late.example")
    settled, again = names.settled(), names.settled()
    assert settled.called, "whoever asks later waits for both"
    assert not again.called
    reactor.nameResolver.answer("10.0.0.1")
    assert again.called
    names.stop()
    assert reactor.getDelayedCalls() == []


def test_only_names_that_are_still_wanted_are_looked_up(reactor: FakeReactor) -> None:
    names = Names(reactor, 60.0)
    for host in ("a.example", "b.example"):
        names.watch(host)
    names.start()
    reactor.nameResolver.answer("10.0.0.1", place=0)
    names.keep({"a.example"})
    names.keep({"a.example"})
    reactor.nameResolver.answer("10.0.0.2", place=1)
    assert names.addresses("a.example") == ("10.0.0.1",)
    assert names.addresses("b.example") == ()
    reactor.advance(60)
    assert [host for host, _ in reactor.nameResolver.asked] == [
        "a.example", "b.example", "a.example"]  # fmt: skip
    names.stop()
    assert reactor.getDelayedCalls() == []
