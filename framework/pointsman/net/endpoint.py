"""Real servers behind any Twisted client endpoint string, made to look like our streams."""

from __future__ import annotations

import errno
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from pointsman.model.errors import UpstreamError
from pointsman.net.call import Call, Dialled
from pointsman.net.stream import HIGH_WATER, StreamOwner


def check_endpoint(reactor: Any, text: str) -> None:
    """See at load whether ``text`` is a client endpoint; nothing is connected.

    Raises:
        ValueError: with what is wrong with it.
    """
    try:
        clientFromString(reactor, text)
    except Exception as error:
        raise ValueError(
            f"{text!r} is not a Twisted client endpoint: {error or type(error).__name__};"
            " expected something like tcp:host=127.0.0.1:port=8080"
        ) from error


def dial_endpoint(reactor: Any, text: str, timeout: float, owner: Dialled) -> Call | None:
    """Connect to an endpoint.

    Args:
        reactor: what the endpoint needs; IReactorTime at least.
        text: a client endpoint string.
        timeout: seconds, 0 for as long as the endpoint itself allows.
        owner: told of the stream or the failure; owns the stream afterwards.

    Returns:
        The attempt, or None if ``owner`` has already been told.
    """
    call = _EndpointCall(owner)
    try:
        endpoint = clientFromString(reactor, text)
        connecting = endpoint.connect(Factory.forProtocol(lambda: EndpointStream(owner)))
    except Exception as error:
        owner.dial_failed(UpstreamError("connect", f"{text}: {error}"))
        return None
    if timeout:
        # The TCP endpoints fail with an error of their own when cancelled.
        connecting.addTimeout(timeout, reactor, lambda *_: Failure(DeferredTimeout()))
    return call.follow(connecting)


class _EndpointCall:
    """A connect of a Twisted endpoint under way."""

    def __init__(self, owner: Dialled) -> None:
        self._owner: Dialled | None = owner
        self._connecting: Deferred[Any] | None = None

    def follow(self, connecting: Deferred[Any]) -> Call | None:
        """Tell the owner how it ends; None if it has ended already."""
        self._connecting = connecting
        connecting.addCallbacks(self._connected, self._failed)
        return None if self._owner is None else self

    def cancel(self) -> None:
        """Give up in silence."""
        self._owner = None
        if self._connecting is not None:
            self._connecting.cancel()

    def _connected(self, stream: Any) -> None:
        owner, self._owner = self._owner, None
        if owner is None:
            stream.abort()
        else:
            owner.dialled(stream)

    def _failed(self, failure: Failure) -> None:
        owner, self._owner = self._owner, None
        if owner is None:
            return
        late = failure.check(DeferredTimeout) is not None
        message = "timed out" if late else failure.getErrorMessage()
        number = errno.ETIMEDOUT if late else getattr(failure.value, "osError", None) or 0
        owner.dial_failed(UpstreamError("connect", message, retryable=True, errno=number))


@implementer(IHalfCloseableProtocol, IPushProducer)
class EndpointStream(Protocol):
    """A Stream over the transport that an endpoint connected.

    It is the protocol towards the transport, and the transport's producer as well: so it learns
    when too much waits to be written.

    Args:
        owner: told of bytes, end and loss.
    """

    def __init__(self, owner: StreamOwner) -> None:
        self.owner = owner
        self._held: list[bytes] = []
        self._reading = False
        self._blocked = False
        self._unsent = 0
        self._ended = False
        self._finishing = False
        self._closing = False
        self._lost = False

    # ---- what the transport calls ----

    def connectionMade(self) -> None:
        """Connected; nothing is read before the owner asks for it."""
        transport: Any = self.transport
        if hasattr(transport, "pauseProducing"):
            transport.pauseProducing()
        transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        """Bytes came; some transports still give a few after they were paused."""
        if self._closing:
            return
        if self._reading:
            self.owner.data_received(data)
        else:
            self._held.append(data)

    def readConnectionLost(self) -> None:
        """The peer has finished sending."""
        self._ended = True
        if self._reading and not self._closing:
            self.owner.end_received()

    def writeConnectionLost(self) -> None:
        """Our sending side is closed, as we asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The transport is gone."""
        clean = reason.check(ConnectionDone) is not None
        if clean and not self._closing and not self._ended:
            # A transport without half-close, such as TLS: the end of it is the end of its bytes.
            self._deliver_held()
            if not self._closing:
                self._ended = True
                self.owner.end_received()
        self._lost = True
        error = reason.value if isinstance(reason.value, Exception) else None
        self.owner.stream_lost(None if clean or self._closing else error)

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if not self._blocked:
            self._blocked = True
            self._unsent = HIGH_WATER + 1
            self.owner.blocked()

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        if self._blocked:
            self._blocked = False
            self._unsent = 0
            self.owner.drained()

    def stopProducing(self) -> None:
        """The transport is about to be lost; ``connectionLost`` tells the rest."""

    # ---- what the owner calls ----

    def write(self, data: bytes) -> None:
        """Hand over to the transport. Ignored once closing."""
        transport: Any = self.transport
        if self._closing or self._finishing or self._lost:
            return
        if self._blocked:
            self._unsent += len(data)
        transport.write(data)

    def finish(self) -> None:
        """Close our sending side if the transport can do that, else keep it open."""
        if self._finishing or self._closing or self._lost:
            return
        self._finishing = True
        transport: Any = self.transport
        transport.unregisterProducer()
        if hasattr(transport, "loseWriteConnection"):
            transport.loseWriteConnection()

    def close(self) -> None:
        """Close both sides once all is written; ``stream_lost(None)`` follows."""
        if self._closing or self._lost:
            return
        self._closing = True
        transport: Any = self.transport
        transport.unregisterProducer()
        transport.loseConnection()

    def abort(self) -> None:
        """Close at once, dropping what is unwritten."""
        if self._lost:
            return
        self._closing = True
        transport: Any = self.transport
        if hasattr(transport, "abortConnection"):
            transport.abortConnection()
        else:
            transport.unregisterProducer()
            transport.loseConnection()

    def pause(self) -> None:
        """Stop reading until ``resume``."""
        if self._reading:
            self._reading = False
            transport: Any = self.transport
            if hasattr(transport, "pauseProducing") and not self._lost:
                transport.pauseProducing()

    def read_less(self) -> None:
        """What comes at a time is not much as it is."""

    def resume(self) -> None:
        """Read again."""
        if self._reading or self._lost:
            return
        self._reading = True
        self._deliver_held()
        if self._reading and self._ended and not self._closing:
            self.owner.end_received()
        elif self._reading and not self._lost:
            transport: Any = self.transport
            if hasattr(transport, "resumeProducing"):
                transport.resumeProducing()

    @property
    def waiting(self) -> int:
        """Bytes that wait in the transport: 0, or an estimate once it said that it is full."""
        return self._unsent

    @property
    def peer(self) -> tuple[str, int]:
        """Address text and port of the other side; ("", 0) where it has none."""
        transport: Any = self.transport
        address = transport.getPeer()
        return getattr(address, "host", ""), getattr(address, "port", 0)

    def _deliver_held(self) -> None:
        held, self._held = self._held, []
        if held and not self._closing:
            self.owner.data_received(b"".join(held))
