"""The demonstration's own clients: a request now and then, each on a connection of its own."""

from __future__ import annotations

from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

_REQUEST = b"GET /demo HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n"
_CONNECT_SECONDS = 2


class Traffic:
    """Asks the balancer every ``interval`` seconds.

    Args:
        reactor: IReactorTime and IReactorTCP.
        port: of the balancer on 127.0.0.1.
        interval: seconds between two requests.

    Attributes:
        good: answers 200.
        bad: other answers, and requests without one.
    """

    def __init__(self, reactor: Any, port: int, interval: float = 0.05) -> None:
        self._reactor = reactor
        self._endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port, timeout=_CONNECT_SECONDS)
        self._interval = interval
        self._timer: Any = None
        self.good = 0
        self.bad = 0

    def start(self) -> None:
        """Ask now and from now on."""
        self._timer = self._reactor.callLater(self._interval, self.start)
        connectProtocol(self._endpoint, _Ask(self)).addErrback(lambda _: self.ended(b""))

    def stop(self) -> None:
        """Begin no further request."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ended(self, answer: bytes) -> None:
        """A request is over."""
        if answer.startswith(b"HTTP/1.1 200 "):
            self.good += 1
        else:
            self.bad += 1


class _Ask(Protocol):
    """One request."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._answer = b""

    def connectionMade(self) -> None:
        """Ask."""
        assert self.transport is not None
        self.transport.write(_REQUEST)

    def dataReceived(self, data: bytes) -> None:
        """Part of the answer."""
        self._answer += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """That was all of it."""
        self._traffic.ended(self._answer)
