"""``http.fetch``: one request to one server of a pool, its answer read whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOFactory
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
    """Leads all requests to one server, whatever their URL says; with TLS if there are options."""

    def __init__(self, reactor: Any, address: Address, options: Any = None) -> None:
        self._reactor = reactor
        self._address = address
        self._options = options

    def endpointForURI(self, uri: URI) -> Any:
        """The way to the server."""
        address = self._address
        inner: Any
        if address.path:
            inner = UNIXClientEndpoint(self._reactor, address.path, timeout=CONNECT)
        else:
            inner = HostnameEndpoint(self._reactor, address.host, address.port, timeout=CONNECT)
        return inner if self._options is None else _OverTls(self._options, inner, self._reactor)


@implementer(IStreamClientEndpoint)
class _OverTls:
    """TLS on the way to a server, on the reactor that was given."""

    def __init__(self, options: Any, inner: Any, reactor: Any) -> None:
        self._options = options
        self._inner = inner
        self._reactor = reactor

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect, and give the protocol inside."""
        outer = TLSMemoryBIOFactory(self._options, True, factory, self._reactor)
        connected: Deferred[Any] = self._inner.connect(outer)
        return connected.addCallback(lambda made: made.wrappedProtocol)


def trust_in(pem: bytes) -> Any:
    """What believes in these certificates (PEM), and no others.

    Raises:
        ValueError: there are none, or they cannot be read.
    """
    found = re.findall(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.DOTALL)
    try:
        certificates = [Certificate.loadPEM(each) for each in found]
    except Exception:  # whatever OpenSSL thinks of them
        certificates = []
    if not certificates:
        raise ValueError("it holds no certificate that can be read; it must be PEM")
    return trustRootFromCertificates(certificates)


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
    tls: str = "",
    trust: Any = None,
) -> Callable[[], None]:
    """Send a request in HTTP/1.1; what stops it is returned.

    Args:
        reactor: Twisted's.
        address: of the server.
        host: for the Host field, if the request has none.
        request: method, path, header fields, body.
        most: bytes of the answer's body.
        tls: name that the server's certificate must have; "" speaks plain HTTP.
        trust: whom to believe about that, None for those whom the system believes.
        done: told True, status, body, name, value, name, value...; or False and what went wrong.
    """
    method, path, fields, body = request
    headers = Headers()
    for name, value in fields:
        headers.addRawHeader(name.encode("latin-1"), value.encode("latin-1"))
    if not headers.hasHeader(b"host"):
        headers.addRawHeader(b"Host", host.encode("latin-1"))
    options = None
    if tls:
        options = optionsForClientTLS(tls, trustRoot=trust or platformTrust())
    agent = Agent.usingEndpointFactory(reactor, _OneServer(reactor, address, options))
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
            done(False, f"http.fetch: {_words(failure)}")

    asked.addCallbacks(answered, failed)
    return asked.cancel


def _words(failure: Failure) -> str:
    """What went wrong, that of TLS included, which comes in a list."""
    reasons = getattr(failure.value, "reasons", None)
    inner = reasons[0] if reasons else failure
    if inner.check(VerificationError):
        return "the server's certificate is not for that name"
    if isinstance(inner.value, SSL.Error):
        told = "; ".join(str(each[-1]) for each in (inner.value.args or ((),))[0])
        return f"TLS: {told or 'the server broke off'}"
    return str(inner.getErrorMessage() or "it failed")
