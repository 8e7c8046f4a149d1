"""Tests of the connection to the server, on a clock and without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hiredis
import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from pointsman_persistence.valkey_link import PATIENCE, PAUSES, Greeting, ValkeyLink

HELLO = b"*1\r\n$5\r\nHELLO\r\n"
SUBSCRIBE = b"*1\r\n$9\r\nSUBSCRIBE\r\n"
LAST = b"*1\r\n$4\r\nLAST\r\n"
OK = b"+OK\r\n"
SUBSCRIBED = b">3\r\n+subscribe\r\n+c\r\n:1\r\n"


class Line:
    """A transport that notes what happens to it."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False
        self.disconnecting = False

    def write(self, data: bytes) -> None:
        self.written += data

    def loseConnection(self) -> None:
        self.disconnecting = True

    def abortConnection(self) -> None:
        self.aborted = self.disconnecting = True


@implementer(IStreamClientEndpoint)
class Place:
    """Where a server is, or is not."""

    def __init__(self) -> None:
        self.tries = 0
        self.refuses = False
        self.silent: Deferred[Any] | None = None
        self.lines: list[tuple[Any, Line]] = []

    def connect(self, factory: Any) -> Deferred[Any]:
        self.tries += 1
        if self.refuses:
            return fail(ConnectionRefusedError())
        if self.silent is not None:
            return self.silent
        protocol: Any = factory.buildProtocol(None)
        line = Line()
        self.lines.append((protocol, line))
        protocol.makeConnection(line)
        return succeed(protocol)


class Told:
    """An owner that notes what it is told."""

    def __init__(self) -> None:
        self.all: list[object] = []

    def up(self) -> None:
        self.all.append("up")

    def down(self, reason: str) -> None:
        self.all.append(f"down: {reason}")

    def pushed(self, words: Sequence[Any]) -> None:
        self.all.append([*words])


class Stage:
    def __init__(self, greeting: Sequence[Greeting] | None = None) -> None:
        self.clock, self.place, self.told = Clock(), Place(), Told()
        given = greeting or [(HELLO, True), (SUBSCRIBE, False), (LAST, True)]
        self.link = ValkeyLink(self.clock, self.place, lambda: given, self.told)

    @property
    def line(self) -> Line:
        return self.place.lines[-1][1]

    def says(self, data: bytes) -> None:
        self.place.lines[-1][0].dataReceived(data)

    def hears(self) -> bytes:
        self.clock.advance(0)
        heard, self.line.written = self.line.written, b""
        return heard

    def ends(self) -> None:
        self.place.lines[-1][0].connectionLost(Failure(ConnectionDone()))

    def greeted(self) -> Stage:
        self.link.start()
        self.hears()
        self.says(OK + SUBSCRIBED + OK)
        self.told.all.clear()
        return self


def test_a_connection_is_set_up_before_it_is_up() -> None:
    stage = Stage()
    stage.link.start()
    assert stage.hears() == HELLO + SUBSCRIBE + LAST
    stage.says(OK + SUBSCRIBED)
    assert stage.told.all == [[b"subscribe", b"c", 1]]
    stage.says(OK)
    assert stage.told.all[1:] == ["up"]


def test_commands_of_a_turn_are_written_together_and_answered_in_order() -> None:
    stage = Stage().greeted()
    replies: list[Any] = []
    for word in (b"one", b"two", b"three"):
        stage.link.send(word + b"|", replies.append)
    assert stage.line.written == b""
    assert stage.hears() == b"one|two|three|"
    whole = b":1\r\n>2\r\n+message\r\n+m\r\n-ERR no\r\n_\r\n"
    for at in range(len(whole)):  # however the bytes arrive
        stage.says(whole[at : at + 1])
    assert replies[0] == 1
    assert isinstance(replies[1], hiredis.ReplyError)
    assert replies[2] is None
    assert stage.told.all == [[b"message", b"m"]]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"-WRONGPASS invalid username-password pair\r\n", "WRONGPASS invalid"),
        (b"-ERR unknown command `HELLO`, with args\r\n", "it is too old: Valkey, or Redis 6"),
        (OK + b"-NOPERM this user has no permissions\r\n", "NOPERM this user"),
        (b"HTTP/1.1 400 Bad Request\r\n", "it does not speak the protocol"),
    ],
)
def test_a_greeting_that_fails_is_told_and_tried_again(answer: bytes, reason: str) -> None:
    stage = Stage()
    stage.link.start()
    stage.hears()
    stage.says(answer)
    (told,) = stage.told.all
    assert str(told).startswith(f"down: {reason}")
    assert stage.line.aborted
    stage.ends()  # of that connection nobody wants to hear any more
    assert len(stage.told.all) == 1
    stage.clock.advance(PAUSES[0])
    assert stage.place.tries == 2


def test_a_greeting_that_cannot_be_made_is_told() -> None:
    def greeting() -> Sequence[Greeting]:
        raise ValueError("the environment variable PASSWORD is not set")

    clock, place, told = Clock(), Place(), Told()
    ValkeyLink(clock, place, greeting, told).start()
    assert told.all == ["down: the environment variable PASSWORD is not set"]


def test_pauses_between_tries_grow_and_begin_anew_after_a_success() -> None:
    stage = Stage()
    stage.place.refuses = True
    stage.link.start()
    pauses = []
    for _ in range(9):
        before = stage.place.tries
        (call,) = stage.clock.getDelayedCalls()
        pauses.append(round(call.getTime() - stage.clock.seconds(), 3))
        stage.clock.advance(call.getTime() - stage.clock.seconds() + 1e-9)
        assert stage.place.tries == before + 1
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    stage.place.refuses = False
    stage.clock.advance(6.0)
    stage.hears()
    stage.says(OK + SUBSCRIBED + OK)
    stage.ends()
    assert stage.told.all[-1] == "down: it closed the connection"
    stage.clock.advance(PAUSES[0])
    assert len(stage.place.lines) == 2


def test_what_was_not_answered_is_never_answered_by_another_connection() -> None:
    stage = Stage().greeted()
    replies: list[Any] = []
    stage.link.send(b"lost|", replies.append)
    stage.hears()
    stage.ends()
    stage.clock.advance(PAUSES[0])
    assert stage.hears() == HELLO + SUBSCRIBE + LAST
    stage.says(OK + OK)
    assert replies == []
    assert stage.told.all[-1] == "up"


def test_a_server_that_owes_an_answer_for_too_long_is_lost() -> None:
    stage = Stage().greeted()
    stage.link.send(b"x|", lambda reply: None)
    stage.clock.advance(PATIENCE - 0.1)
    stage.link.tick()
    assert stage.told.all == []
    stage.clock.advance(0.2)
    stage.link.tick()
    assert stage.told.all == ["down: no answer in 5 s"]
    assert stage.line.aborted


def test_a_server_that_has_nothing_to_say_is_asked_whether_it_is_there() -> None:
    stage = Stage().greeted()
    stage.clock.advance(PATIENCE)
    stage.link.tick()
    assert stage.hears() == b"*1\r\n$4\r\nPING\r\n"
    stage.clock.advance(PATIENCE - 0.1)
    stage.says(b"+PONG\r\n")
    stage.clock.advance(1.0)
    stage.link.tick()
    assert stage.told.all == []


def test_an_answer_that_nobody_asked_for_ends_the_connection() -> None:
    stage = Stage().greeted()
    stage.says(b":1\r\n")
    assert stage.told.all == ["down: it answered what nobody had asked"]


def test_stopping_writes_the_rest_and_leaves_nothing_behind() -> None:
    stage = Stage().greeted()
    stage.link.send(b"last|", lambda reply: None)
    stage.link.stop()
    assert stage.line.written == b"last|"
    assert stage.line.disconnecting
    stage.ends()
    assert (stage.told.all, stage.clock.getDelayedCalls()) == ([], [])


def test_stopping_while_it_connects_or_waits() -> None:
    connecting = Stage()
    cancelled: list[object] = []
    connecting.place.silent = Deferred(cancelled.append)
    connecting.link.start()
    connecting.link.stop()
    assert len(cancelled) == 1
    waiting = Stage()
    waiting.place.refuses = True
    waiting.link.start()
    waiting.link.stop()
    for stage in (connecting, waiting):
        stage.link.tick()
        stage.link.abort("late")
        assert stage.clock.getDelayedCalls() == []
