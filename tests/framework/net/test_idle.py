"""Unused upstream connections, kept for the next exchange."""

from pointsman.core.members import Member
from pointsman.core.ports import Asking
from pointsman.model.server import RealServer
from pointsman.net.idle import IdleConnections


class Unused:
    """A connection that waits."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.closed = False

    def taken_by(self, asking: Asking) -> None: ...

    def close(self) -> None:
        self.closed = True


A, B = Member(RealServer("a")), Member(RealServer("b"))


def test_the_last_one_in_is_the_first_one_out() -> None:
    idle = IdleConnections()
    one, two = Unused(A), Unused(A)
    assert idle.put(one, 2)
    assert idle.put(two, 2)
    assert idle.take(A) is two
    assert idle.take(A) is one
    assert idle.take(A) is None


def test_members_do_not_share() -> None:
    idle = IdleConnections()
    idle.put(Unused(A), 1)
    assert idle.take(B) is None


def test_there_is_a_limit_for_each_member_and_0_keeps_none() -> None:
    idle = IdleConnections()
    assert idle.put(Unused(A), 1)
    assert not idle.put(Unused(A), 1)
    assert idle.put(Unused(B), 1)
    assert not IdleConnections().put(Unused(A), 0)
    assert len(idle) == 2


def test_one_that_was_closed_is_removed_wherever_it_stands() -> None:
    idle = IdleConnections()
    three = [Unused(A) for _ in range(3)]
    for each in three:
        idle.put(each, 9)
    idle.remove(three[1])
    idle.remove(three[1])
    idle.remove(Unused(B))
    assert [idle.take(A), idle.take(A), idle.take(A)] == [three[2], three[0], None]


def test_all_are_closed_or_those_of_one_member() -> None:
    idle = IdleConnections()
    one, two = Unused(A), Unused(B)
    idle.put(one, 1)
    idle.put(two, 1)
    idle.close_all(A)
    assert (one.closed, two.closed, len(idle)) == (True, False, 1)
    idle.close_all()
    assert (two.closed, len(idle)) == (True, 0)
