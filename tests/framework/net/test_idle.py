"""Unused upstream connections, kept for the next exchange."""

from collections.abc import Hashable

from pointsman.core.members import Member
from pointsman.core.ports import Asking
from pointsman.model.server import RealServer
from pointsman.net.idle import IdleConnections


class Unused:
    """A connection that waits."""

    def __init__(self, member: Member, key: Hashable = None) -> None:
        self.member = member
        self.key = key
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


def test_connections_of_different_keys_are_never_taken_for_each_other() -> None:
    idle = IdleConnections()
    a, b = Unused(A, ("a.example", True)), Unused(A, ("b.example", True))
    idle.put(a, 9)
    idle.put(b, 9)
    assert idle.take(A, ("a.example", False)) is None
    assert idle.take(A) is None
    assert idle.take(A, ("a.example", True)) is a
    assert idle.take(A, ("b.example", True)) is b
    assert len(idle) == 0


def test_keys_that_clients_make_up_push_the_oldest_out_and_leave_nothing() -> None:
    idle = IdleConnections()
    made_up = [Unused(A, f"{number}.example") for number in range(100)]
    for each in made_up:
        assert idle.put(each, 4)
    assert len(idle) == 4
    assert [each.closed for each in made_up] == [True] * 96 + [False] * 4
    for each in made_up[96:]:
        idle.remove(each)
    assert idle._members == {A: {}}
    assert not idle.put(Unused(A, "x"), 0)
    assert idle._members == {A: {}}
