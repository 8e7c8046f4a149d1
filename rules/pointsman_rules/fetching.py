"""``http.fetch``: one request to one server of a pool, its answer read whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from pointsman.model.address import Address

Request = tuple[str, str, Sequence[tuple[str, str]], str]
CONNECT = 5.0  # seconds


@implementer(IAgentEndpointFactory)
class _OneServer:
    """Leads all requests to one server, whatever their URL says."""

    def __init__(self, reactor: Any, address: Address) -> None:
        self._reactor = reactor
        self._address = address

    def endpointForURI(self, uri: URI) -> Any:
        """The way to the server."""
        address = self._address
        if address.path:
            return UNIXClientEndpoint(self._reactor, address.path, timeout=CONNECT)
        return HostnameEndpoint(self._reactor, address.host, address.port, timeout=CONNECT)


@implementer(IBodyProducer)
class _Body:
    """A body that is there already."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Write it, all at once."""
        consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """All is written already."""

    def resumeProducing(self) -> None:
        """Likewise."""

    def stopProducing(self) -> None:
        """Likewise."""


class _Whole(Protocol):
    """Reads a body, but not more than ``most`` of it."""

    def __init__(self, most: int, finished: Callable[[bytes | None, str], None]) -> None:
        self._most = most
        self._finished = finished
        self._parts: list[bytes] = []
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        """More of it."""
        self._size += len(data)
        if self._size > self._most:
            if self.transport is not None:
                self.transport.loseConnection()
            return
        self._parts.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """That is all of it, or it broke off."""
        if self._size > self._most:
            self._finished(None, f"the answer has more than {self._most} bytes")
        elif reason.check(ResponseDone):
            self._finished(b"".join(self._parts), "")
        else:
            self._finished(None, f"the answer broke off: {reason.getErrorMessage()}")


def fetch(
    reactor: Any,
    address: Address,
    host: str,
    request: Request,
    most: int,
    done: Callable[..., None],
) -> Callable[[], None]:
    """Send a request in plain HTTP/1.1; what stops it is returned.

    Args:
        reactor: Twisted's.
        address: of the server.
        host: for the Host field, if the request has none.
        request: method, path, header fields, body.
        most: bytes of the answer's body.
        done: told True, status, body, name, value, name, value...; or False and what went wrong.
    """
    method, path, fields, body = request
    headers = Headers()
    for name, value in fields:
        headers.addRawHeader(name.encode("latin-1"), value.encode("latin-1"))
    if not headers.hasHeader(b"host"):
        headers.addRawHeader(b"Host", host.encode("latin-1"))
    agent = Agent.usingEndpointFactory(reactor, _OneServer(reactor, address))
    producer = _Body(body.encode("latin-1")) if body else None
    url = b"http://server" + path.encode("latin-1")
    asked: Deferred[IResponse] = agent.request(method.encode("latin-1"), url, headers, producer)

    def answered(response: IResponse) -> None:
        def finished(data: bytes | None, problem: str) -> None:
            if data is None:
                done(False, f"http.fetch: {problem}")
                return
            flat: list[str] = []
            for name, values in response.headers.getAllRawHeaders():
                for value in values:
                    flat += [name.decode("latin-1"), value.decode("latin-1")]
            done(True, response.code, data.decode("latin-1"), *flat)

        response.deliverBody(_Whole(most, finished))

    def failed(failure: Failure) -> None:
        if not failure.check(CancelledError):
            done(False, f"http.fetch: {failure.getErrorMessage() or 'it failed'}")

    asked.addCallbacks(answered, failed)
    return asked.cancel
