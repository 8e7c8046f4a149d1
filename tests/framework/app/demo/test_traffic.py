"""The demonstration's own clients, against a server that can be told what to say."""

from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from kit.any_reactor import own_reactor, until
from pointsman.app.demo.traffic import Traffic


class Says(Protocol):
    """Answers each request with the same bytes and closes."""

    answer = b""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(self.answer)
        self.transport.loseConnection()


def closed(reactor: Any, listening: Any) -> None:
    """Close a listening port and wait until that is done."""
    done: list[object] = []
    listening.stopListening().addCallback(done.append)
    until(reactor, lambda: done)


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 503 Busy\r\n\r\n", False),
        (b"", False),
    ],
)
def test_answers_are_counted_as_good_or_bad(answer: bytes, good: bool) -> None:
    class Answer(Says):
        pass

    Answer.answer = answer
    with own_reactor("epoll") as reactor:
        factory: Any = Factory.forProtocol(Answer)
        factory.noisy = False
        listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
        traffic = Traffic(reactor, listening.getHost().port, 0.01)
        traffic.start()
        until(reactor, lambda: traffic.good + traffic.bad >= 3)
        traffic.stop()
        assert (traffic.bad == 0) is good
        assert (traffic.good == 0) is not good
        closed(reactor, listening)


def test_a_balancer_that_is_gone_is_bad_and_stopping_leaves_no_timer() -> None:
    with own_reactor("epoll") as reactor:
        listening = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
        port = listening.getHost().port
        closed(reactor, listening)
        traffic = Traffic(reactor, port, 0.01)
        traffic.start()
        until(reactor, lambda: traffic.bad)
        traffic.stop()
        until(reactor, lambda: not reactor.getDelayedCalls())
