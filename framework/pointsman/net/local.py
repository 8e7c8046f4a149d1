"""Real servers inside this process: a Twisted factory or web resource behind a Stream."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.logger import Logger

from pointsman.model.errors import UpstreamError
from pointsman.net.call import Call, Dialled
from pointsman.net.lane import Lane
from pointsman.net.local_transport import LocalTransport
from pointsman.net.stream import HIGH_WATER, StreamOwner

_log = Logger()


class LocalServer:
    """A server that the embedding program gives in code.

    Args:
        source: an IProtocolFactory, or an IResource of twisted.web, which is served by a Site.

    Raises:
        TypeError: if it is neither.
    """

    def __init__(self, source: Any) -> None:
        self._factory: Any = None
        self._resource: Any = None
        self._started = False
        if IProtocolFactory.providedBy(source):
            self._factory = source
            return
        # Only here, because it costs a third of a second that nobody else shall wait for.
        from twisted.web.resource import IResource

        if not IResource.providedBy(source):
            raise TypeError(f"expected an IProtocolFactory or an IResource, got {source!r}")
        self._resource = source

    def protocol(self, reactor: Any) -> IProtocol | None:
        """A protocol for a new connection, None if the factory refuses it. Starts the factory."""
        if self._factory is None:
            from twisted.web.server import Site

            self._factory = Site(self._resource, reactor=reactor)
        if not self._started:
            self._started = True
            self._factory.doStart()
        protocol: IProtocol | None = self._factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 0))
        return protocol

    def stop(self) -> None:
        """Stop the factory, if it was ever started; a later dial starts it again."""
        if self._started:
            self._started = False
            self._factory.doStop()


class LocalStream:
    """Our side of an in-process connection: a Stream.

    Args:
        reactor: offers callLater.
        owner: told of bytes, end and loss.
        transport: the other side.
    """

    __slots__ = (
        "_blocked",
        "_closing",
        "_inbound",
        "_lost",
        "_outbound",
        "_reactor",
        "_transport",
        "owner",
    )

    def __init__(self, reactor: Any, owner: StreamOwner, transport: LocalTransport) -> None:
        self.owner = owner
        self._reactor = reactor
        self._transport = transport
        self._inbound = transport.outbound = Lane(reactor, transport, self)
        self._outbound = transport.inbound = Lane(reactor, self, transport)
        self._outbound.resume()
        self._blocked = False
        self._closing = False
        self._lost = False

    # ---- what the owner calls ----

    def write(self, data: bytes) -> None:
        """Deliver in a later turn. Ignored once closing."""
        if self._closing or self._lost:
            return
        if self._transport.lost:
            # As a kernel does it: bytes for somebody who is gone are answered by a reset.
            self._lose(ConnectionResetError("the in-process server has closed"))
            return
        self._outbound.push(data)
        if not self._blocked and self._outbound.size > HIGH_WATER:
            self._blocked = True
            self.owner.blocked()

    def finish(self) -> None:
        """Close our sending side once all is delivered; reading goes on."""
        self._outbound.finish()

    def close(self) -> None:
        """Close both sides once all is delivered; ``stream_lost(None)`` follows."""
        if self._closing or self._lost:
            return
        self._closing = True
        self._transport.other_closes = True
        self._inbound.cut()
        self._outbound.finish()
        if self._outbound.ended:
            self._transport.lose(ConnectionDone())
        if not self._outbound.size:
            self._lose(None)

    def abort(self) -> None:
        """Close at once, dropping what is undelivered."""
        if self._lost:
            return
        self._inbound.cut()
        self._outbound.cut()
        self._transport.lose(ConnectionResetError("reset by the balancer"))
        self._lose(None)

    def pause(self) -> None:
        """Stop reading until ``resume``."""
        self._inbound.pause()

    def read_less(self) -> None:
        """What comes at a time is not much as it is."""

    def resume(self) -> None:
        """Read again. After the end this tells the end again, so that a new owner learns of it."""
        if not self._lost:
            self._inbound.resume()

    @property
    def waiting(self) -> int:
        """Bytes that the server has not yet taken."""
        return self._outbound.size

    @property
    def peer(self) -> tuple[str, int]:
        """No address: the server is in this process."""
        return "", 0

    # ---- what the lanes call ----

    def lane_data(self, data: bytes) -> None:
        """The server wrote."""
        self.owner.data_received(data)

    def lane_end(self) -> None:
        """The server has finished sending."""
        self.owner.end_received()

    def lane_failed(self, error: Exception) -> None:
        """Our owner raised, or the server reset the connection."""
        if not self._lost:
            self._inbound.cut()
            self._outbound.cut()
            self._transport.lose(ConnectionResetError())
            self._lose(error)

    def lane_empty(self) -> None:
        """The server took everything."""
        if self._closing:
            self._lose(None)
        elif self._blocked:
            self._blocked = False
            self.owner.drained()

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._inbound.cut()
            self._reactor.callLater(0, self._tell_lost, error)

    def _tell_lost(self, error: Exception | None) -> None:
        self.owner.stream_lost(error)


def dial_local(reactor: Any, server: LocalServer, owner: Dialled) -> Call | None:
    """Connect ``owner`` to a new protocol of ``server``; it is told before this returns."""
    try:
        protocol = server.protocol(reactor)
    except Exception as error:
        _log.failure("the in-process server cannot take a connection")
        owner.dial_failed(UpstreamError("connect", f"in-process server: {error}", retryable=True))
        return None
    if protocol is None:
        message = "the in-process server refused the connection"
        owner.dial_failed(UpstreamError("connect", message, retryable=True))
        return None
    transport = LocalTransport(reactor, protocol)
    stream = LocalStream(reactor, owner, transport)
    try:
        protocol.makeConnection(transport)
    except Exception as error:
        _log.failure("the in-process server cannot take a connection")
        owner.dial_failed(UpstreamError("connect", f"in-process server: {error}", retryable=True))
        return None
    owner.dialled(stream)
    return None
