"""Waiting for a server that is over its limit: in order, bounded, and nothing is left behind."""

from __future__ import annotations

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, integers, sampled_from

from kit.crowds import comes
from kit.pins import Pins
from kit.recorders import RecordedClient, Stage
from pointsman.core.exchange import Exchange
from pointsman.core.members import Member
from pointsman.core.waiting import Ticket, Waiting
from pointsman.model.pool_settings import MOVE_ONCE, QUEUE, REFUSE, PoolSettings, QueueSettings
from pointsman.model.server import RealServer


def queued(
    servers: int = 1, size: int = 2, *, pins: Pins | None = None, over_limit: str = QUEUE
) -> Stage:
    settings = PoolSettings(queue=QueueSettings(size, 5.0), over_limit=over_limit)
    return Stage(servers, max_connections=1, persistence=pins, pool_settings=settings)


class Noted:
    def __init__(self) -> None:
        self.told: list[str] = []

    def slot_free(self) -> None:
        self.told.append("free")

    def waited_too_long(self) -> None:
        self.told.append("late")


class TakesAnotherAlong(Noted):
    other: Ticket | None = None

    def waited_too_long(self) -> None:
        super().waited_too_long()
        assert self.other is not None
        self.other.cancel()


# ---- the queue itself ----


def test_the_first_that_came_is_the_first_to_go() -> None:
    waiting = Waiting(9, 5.0)
    members = (Member(RealServer("a")),)
    waiters = [Noted() for _ in range(3)]
    for waiter in waiters:
        waiting.join(waiter, None, (), 0.0)
    assert waiting.serve(members, True)
    assert [waiter.told for waiter in waiters] == [["free"], [], []]
    assert not waiting.serve((), True)
    assert waiting.count == 2


def test_who_waits_for_one_server_and_who_for_any_go_in_the_order_in_which_they_came() -> None:
    waiting = Waiting(9, 5.0)
    member = Member(RealServer("a"))
    one, other, third = Noted(), Noted(), Noted()
    waiting.join(one, member, (), 0.0)
    waiting.join(other, None, (), 0.0)
    waiting.join(third, member, (), 0.0)
    for told in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
        assert waiting.serve((member,), True)
        assert [len(waiter.told) for waiter in (one, other, third)] == told
    assert not waiting.serve((member,), True)


def test_who_has_tried_a_server_waits_for_another() -> None:
    waiting = Waiting(9, 5.0)
    a, b = Member(RealServer("a")), Member(RealServer("b"))
    tried, fresh = Noted(), Noted()
    waiting.join(tried, None, (a,), 0.0)
    waiting.join(fresh, None, (), 0.0)
    assert waiting.serve((a,), True)
    assert (tried.told, fresh.told) == ([], ["free"])
    assert not waiting.serve((a,), True)
    assert waiting.serve((a, b), True)
    assert tried.told == ["free"]


def test_without_hope_nobody_waits() -> None:
    waiting = Waiting(9, 5.0)
    waiter = Noted()
    waiting.join(waiter, None, (), 0.0)
    assert waiting.serve((), False)
    assert waiter.told == ["free"]


def test_who_is_told_that_it_is_late_may_take_another_one_with_it() -> None:
    waiting = Waiting(9, 5.0)
    first, second = TakesAnotherAlong(), Noted()
    waiting.join(first, None, (), 0.0)
    ticket = first.other = waiting.join(second, None, (), 0.0)
    assert ticket is not None
    waiting.expire(4.9)
    assert first.told == []
    waiting.expire(5.0)
    assert (first.told, second.told, waiting.count) == (["late"], [], 0)
    ticket.cancel()  # again
    assert waiting.count == 0


# ---- exchanges that wait ----


def test_a_request_waits_until_a_server_has_room() -> None:
    stage = queued()
    first, _ = comes(stage)
    upstream = stage.upstreams.last.connects()
    _, client = comes(stage)
    assert len(stage.upstreams.openings) == 1
    assert client.said == []
    upstream.answers()
    assert first.over
    assert len(stage.upstreams.openings) == 2
    stage.upstreams.last.connects(reused=True).answers()
    assert client.said == ["head 200", "end", "done"]
    assert stage.members[0].active == 0


@pytest.mark.parametrize(("status", "retry_after"), [(503, b"1"), (429, b"7")])
def test_who_waits_too_long_or_is_one_too_many_is_refused(status: int, retry_after: bytes) -> None:
    settings = PoolSettings(queue=QueueSettings(1, 5.0, status, int(retry_after)))
    stage = Stage(1, max_connections=1, pool_settings=settings)
    comes(stage)
    _, late = comes(stage)
    _, one_too_many = comes(stage)
    assert one_too_many.said[0] == f"head {status}"
    assert one_too_many.head is not None
    assert one_too_many.head.headers.get(b"Retry-After") == retry_after
    stage.pool.tick(104.9)
    assert late.said == []
    stage.pool.tick(105.0)
    assert late.said[0] == f"head {status}"
    assert [record.termination for record in stage.records] == ["overloaded"] * 2


def test_without_a_queue_who_comes_too_much_is_refused_at_once() -> None:
    stage = Stage(1, max_connections=1)
    comes(stage)
    _, client = comes(stage)
    assert client.said[0] == "head 503"
    assert stage.record.termination == "overloaded"


def test_a_client_that_leaves_waits_no_longer() -> None:
    stage = queued()
    comes(stage)
    leaving, _ = comes(stage)
    staying, client = comes(stage)
    leaving.client_gone()
    assert stage.pool.waiting is not None
    assert stage.pool.waiting.count == 1
    stage.upstreams.last.connects().answers()
    assert stage.upstreams.last.asking is staying
    assert client.said == []


def test_when_the_last_server_goes_down_nobody_waits_for_it() -> None:
    stage = queued()
    comes(stage)
    _, client = comes(stage)
    stage.members[0].set_health(False, "down")
    assert client.said[0] == "head 503"
    assert stage.record.termination == "no_server"


def test_a_request_waits_also_for_its_second_server() -> None:
    stage = queued(2)
    stage.members[1].begin()
    _, client = comes(stage)
    stage.upstreams.last.fails()
    assert client.said == []
    stage.members[1].end()
    assert [opening.member.name for opening in stage.upstreams.openings] == ["a", "b"]


def test_what_goes_wrong_after_waiting_is_not_the_trouble_of_who_made_room() -> None:
    stage = queued()
    first, _ = comes(stage)
    upstream = stage.upstreams.last.connects()
    _, client = comes(stage)

    def breaks() -> None:
        raise RuntimeError("broken")

    stage.upstreams.inside("open", breaks)
    upstream.answers()
    assert first.over
    assert client.said[0] == "head 500"
    assert [asked for asked, _ in stage.reports] == ["to go on after waiting"]
    assert stage.members[0].active == 0


@pytest.mark.parametrize(
    ("over_limit", "said", "servers"),
    [(MOVE_ONCE, [], ["b", "a"]), (QUEUE, [], ["b", "b"]), (REFUSE, ["head 503"], ["b"])],
)
def test_design_5_11_what_becomes_of_a_pinned_client_is_a_setting(
    over_limit: str, said: list[str], servers: list[str]
) -> None:
    pins = Pins(us="b")
    stage = queued(2, pins=pins, over_limit=over_limit)
    comes(stage, "us")
    upstream = stage.upstreams.last.connects()
    _, client = comes(stage, "us")
    assert client.said[:1] == said
    upstream.answers()
    assert [opening.member.name for opening in stage.upstreams.openings] == servers
    assert pins.pins == {"us": "b"}


def test_design_5_11_without_a_queue_a_pinned_client_cannot_wait() -> None:
    stage = Stage(
        2,
        max_connections=1,
        persistence=Pins(us="b"),
        pool_settings=PoolSettings(over_limit=QUEUE),
    )
    comes(stage, "us")
    _, client = comes(stage, "us")
    assert client.said[0] == "head 503"
    assert stage.record.termination == "overloaded"


def test_who_waits_for_its_own_server_is_moved_when_that_goes_down() -> None:
    pins = Pins(us="b")
    stage = queued(2, pins=pins)
    comes(stage, "us")
    comes(stage, "us")
    stage.members[1].set_health(False, "down")
    assert [opening.member.name for opening in stage.upstreams.openings] == ["b", "a"]
    assert pins.pins == {"us": "a"}


def test_a_rate_is_a_limit_as_well() -> None:
    settings = PoolSettings(queue=QueueSettings(5, 5.0))
    stage = Stage(1, pool_settings=settings)
    stage.members[0].become(RealServer("a", max_rate=2))
    stage.pool.tick(100.0)
    for _ in range(4):
        comes(stage)
    assert len(stage.upstreams.openings) == 2
    stage.pool.tick(100.5)
    assert len(stage.upstreams.openings) == 3
    stage.pool.tick(101.0)
    assert len(stage.upstreams.openings) == 4


def test_a_queue_that_is_taken_away_refuses_those_who_wait() -> None:
    stage = queued()
    comes(stage)
    _, client = comes(stage)
    stage.pool.change(stage.members, (), PoolSettings(queue=QueueSettings(9, 1.0)))
    assert client.said == []
    stage.pool.change(stage.members, (), PoolSettings())
    assert client.said[0] == "head 503"
    assert stage.pool.waiting is None


# ---- whatever happens in whatever order ----


class Waiters(RuleBasedStateMachine):
    """Requests come, wait, are served, fail and go; servers come and go. Nothing may be left."""

    def __init__(self) -> None:
        super().__init__()
        self.pins = Pins()
        self.stage = queued(2, 3, pins=self.pins)
        self.under_way: list[tuple[Exchange, RecordedClient]] = []

    @rule(client=sampled_from(["us", "them", "others"]))
    def comes(self, client: str) -> None:
        self.under_way.append(comes(self.stage, client))

    @rule(number=integers(0, 9))
    def goes(self, number: int) -> None:
        if self.under_way:
            self.under_way[number % len(self.under_way)][0].client_gone()

    @rule(number=integers(0, 9), connects=booleans())
    def connection(self, number: int, connects: bool) -> None:
        waiting = [opening for opening in self.stage.upstreams.openings if not opening.end]
        if waiting:
            opening = waiting[number % len(waiting)]
            if connects:
                opening.connects()
            else:
                opening.fails()

    @rule(number=integers(0, 9), well=booleans())
    def answer(self, number: int, well: bool) -> None:
        asked = [upstream for upstream in self.stage.upstreams.made if not upstream.end]
        if asked:
            upstream = asked[number % len(asked)]
            if well:
                upstream.answers()
            else:
                upstream.fails()

    @rule(number=integers(0, 1), up=booleans())
    def health(self, number: int, up: bool) -> None:
        self.stage.members[number].set_health(up, "why")

    @rule(number=integers(0, 1))
    def dropped(self, number: int) -> None:
        member = self.stage.members[number]
        member.set_health(False, "why")
        for exchange, _ in self.under_way:
            exchange.server_dropped(member)

    @rule(seconds=sampled_from([0.5, 6.0]))
    def passes(self, seconds: float) -> None:
        self.stage.now += seconds
        self.stage.pool.tick(self.stage.now)

    @invariant()
    def limits_hold(self) -> None:
        self.under_way = [each for each in self.under_way if not each[0].over]
        waiting = self.stage.pool.waiting
        assert waiting is not None
        assert waiting.count <= 3
        active = [member.active for member in self.stage.members]
        assert all(0 <= count <= 1 for count in active)
        # Each is either at a server or waits.
        assert len(self.under_way) == sum(active) + waiting.count
        # Nobody waits for nothing.
        if self.stage.pool.available:
            assert all(ticket.tried for ticket in waiting._for_any)
        assert all(member.is_full for member in waiting._for_one)

    def teardown(self) -> None:
        for exchange, client in self.under_way:
            exchange.client_gone()
            assert client.is_done
        assert [member.active for member in self.stage.members] == [0, 0]
        assert self.stage.pool.waiting is not None
        assert self.stage.pool.waiting.count == 0
        assert all(opening.end for opening in self.stage.upstreams.openings)
        assert all(upstream.end for upstream in self.stage.upstreams.made)
        assert self.stage.reports == []


TestWaiters = Waiters.TestCase
