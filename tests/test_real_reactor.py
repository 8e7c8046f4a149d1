"""The kit's own reactor: results, errors, the bound, and nothing left open."""

import os
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from kit.real_reactor import run_reactor


class Greeter(Protocol):
    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"hello")
        self.transport.loseConnection()


class Listener(Protocol):
    def __init__(self, heard: Deferred[bytes]) -> None:
        self.heard = heard
        self.data = b""

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: object = None) -> None:
        self.heard.callback(self.data)


async def greet(reactor: EPollReactor) -> bytes:
    server = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = await server.listen(Factory.forProtocol(Greeter))
    heard: Deferred[bytes] = Deferred()
    client = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    await client.connect(Factory.forProtocol(lambda: Listener(heard)))
    data = await heard
    await port.stopListening()
    return data


def descriptors() -> int:
    return len(os.listdir(Path("/proc/self/fd")))


def test_real_sockets_many_times_and_nothing_left_open() -> None:
    run_reactor(greet)  # what is opened once for the whole process is open now
    before = descriptors()
    assert [run_reactor(greet) for _ in range(5)] == [b"hello"] * 5
    assert descriptors() == before


def test_what_the_work_raises_is_raised() -> None:
    async def work(reactor: EPollReactor) -> None:
        await deferLater(reactor, 0)
        raise KeyError("lost")

    def broken(reactor: EPollReactor) -> Deferred[None]:
        raise KeyError("at once")

    with pytest.raises(KeyError, match="lost"):
        run_reactor(work)
    with pytest.raises(KeyError, match="at once"):
        run_reactor(broken)
    assert run_reactor(lambda reactor: succeed(7)) == 7


def test_work_that_never_ends_is_ended() -> None:
    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        run_reactor(lambda reactor: Deferred(), seconds=0.05)
    with pytest.raises(TimeoutError):
        run_reactor(
            lambda reactor: Deferred(lambda d: None).addErrback(lambda f: Deferred()), seconds=0.05
        )
