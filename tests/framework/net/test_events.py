"""Plain reads are made here; every other event, end and error is handed on."""

from __future__ import annotations

from select import EPOLLHUP, EPOLLIN, EPOLLOUT

import pytest

from kit.sockets import socket_pair
from kit.streams import NotingOwner
from pointsman.net.events import serve
from pointsman.net.plain_stream import PlainStream


class Descriptor:
    """Reads as a test wants it."""

    def __init__(self, outcome: object = None) -> None:
        self.outcome = outcome
        self.reads = 0

    def doRead(self) -> object:
        self.reads += 1
        if isinstance(self.outcome, ValueError):
            raise self.outcome
        return self.outcome


class Noted:
    """What was handed on."""

    def __init__(self) -> None:
        self.others: list[tuple[object, int, int]] = []
        self.ends: list[tuple[object, object]] = []
        self.failures: list[tuple[object, str]] = []

    def serve(self, events: list[tuple[int, int]], selectables: dict[int, object]) -> None:
        serve(
            events,
            selectables,
            lambda *event: self.others.append(event),
            lambda *end: self.ends.append(end),
            lambda who, error: self.failures.append((who, str(error))),
        )


def test_who_has_something_to_read_reads_in_turn() -> None:
    noted, one, two = Noted(), Descriptor(), Descriptor()
    noted.serve([(3, EPOLLIN), (4, EPOLLIN), (3, EPOLLIN)], {3: one, 4: two})
    assert (one.reads, two.reads) == (2, 1)
    assert not noted.others
    assert not noted.ends


def test_who_was_closed_by_an_earlier_event_is_passed_over() -> None:
    noted = Noted()
    noted.serve([(3, EPOLLIN), (3, EPOLLHUP)], {})
    assert not noted.others


@pytest.mark.parametrize("event", [EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLHUP, EPOLLHUP])
def test_what_is_no_plain_read_is_handed_on(event: int) -> None:
    noted, descriptor = Noted(), Descriptor()
    noted.serve([(3, event)], {3: descriptor})
    assert noted.others == [(descriptor, 3, event)]
    assert not descriptor.reads


def test_an_end_and_an_error_are_handed_on_and_the_others_are_served() -> None:
    end = ConnectionError("done")
    noted, over, broken, good = Noted(), Descriptor(end), Descriptor(ValueError("x")), Descriptor()
    noted.serve([(3, EPOLLIN), (4, EPOLLIN), (5, EPOLLIN)], {3: over, 4: broken, 5: good})
    assert noted.ends == [(over, end)]
    assert noted.failures == [(broken, "x")]
    assert good.reads == 1


def test_an_owner_that_raises_is_told_of_with_its_stream(lean_reactor: object) -> None:
    class Broken(NotingOwner):
        def data_received(self, data: bytes) -> None:
            raise ValueError("owner at fault")

    ours, theirs = socket_pair()
    noted, stream = Noted(), PlainStream(lean_reactor, ours, Broken())
    theirs.send(b"x")
    noted.serve([(3, EPOLLIN)], {3: stream})
    assert noted.failures == [(stream, "owner at fault")]
    ours.close()
    theirs.close()
