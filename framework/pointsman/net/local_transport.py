"""The real server's side of an in-process connection: a Twisted transport without a socket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHalfCloseableProtocol,
    IProtocol,
    IPushProducer,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from pointsman.net.lane import Lane
from pointsman.net.stream import HIGH_WATER

# Programs ask a transport for host and port; there is no better answer within one process.
_HERE = IPv4Address("TCP", "127.0.0.1", 0)


@implementer(ITransport, IConsumer, IPushProducer)
class LocalTransport:
    """What the protocol of an in-process server writes to, with Twisted's semantics.

    Args:
        reactor: offers callLater.
        protocol: of the server; told of bytes, ends and loss.

    Attributes:
        inbound: lane of bytes for the protocol, set by whoever joins the two sides.
        outbound: lane of bytes from the protocol, likewise.
        other_closes: whether the other side has closed both directions.
        lost: whether the protocol was told, or will be in the next turn, that this is over.
    """

    disconnecting = False
    inbound: Lane
    outbound: Lane

    def __init__(self, reactor: Any, protocol: IProtocol) -> None:
        self.other_closes = False
        self.lost = False
        self._reactor = reactor
        self._protocol = protocol
        self._producer: Any = None
        self._pushes = False
        self._producer_paused = False
        self._write_closed = False

    # ---- what the protocol calls ----

    def write(self, data: bytes) -> None:
        """Send; ignored once closing."""
        if self.disconnecting or self.lost or self._write_closed:
            return
        self.outbound.push(bytes(data))
        if self._pushes and not self._producer_paused and self.outbound.size > HIGH_WATER:
            self._producer_paused = True
            self._producer.pauseProducing()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send several chunks."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close once all is written and no producer is registered."""
        if self.disconnecting or self.lost:
            return
        self.disconnecting = True
        self.inbound.cut()
        if self._producer is None:
            self._finish_all()

    def loseWriteConnection(self) -> None:
        """Close the sending direction; reading goes on."""
        if not (self._write_closed or self.disconnecting or self.lost):
            self._write_closed = True
            self.outbound.finish()

    def abortConnection(self) -> None:
        """Close at once, dropping what is unwritten."""
        if not self.lost:
            self.inbound.cut()
            self.outbound.cut()
            self.lose(ConnectionAborted())
            self._reactor.callLater(0, self.outbound.reader.lane_failed, ConnectionResetError())

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Let a producer write; see IConsumer. RuntimeError if there is one already."""
        if self._producer is not None:
            raise RuntimeError(f"{self._producer!r} is still registered, cannot add {producer!r}")
        if self.lost:
            producer.stopProducing()
            return
        self._producer = producer
        self._pushes = streaming
        self._producer_paused = False
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """The producer is done; a close that waited for it goes on."""
        self._producer = None
        self._pushes = False
        if self.disconnecting and not self.lost:
            self._finish_all()

    def pauseProducing(self) -> None:
        """Give the protocol no more bytes for now."""
        self.inbound.pause()

    def resumeProducing(self) -> None:
        """Give it bytes again."""
        self.inbound.resume()

    def stopProducing(self) -> None:
        """The same as loseConnection."""
        self.loseConnection()

    def getPeer(self) -> IAddress:
        """An address of this process."""
        return _HERE

    def getHost(self) -> IAddress:
        """An address of this process."""
        return _HERE

    # ---- what the lanes call ----

    def lane_data(self, data: bytes) -> None:
        """The other side wrote."""
        self._protocol.dataReceived(data)

    def lane_end(self) -> None:
        """The other side has finished sending, or closed altogether."""
        half_closeable = IHalfCloseableProtocol(self._protocol, None)
        if half_closeable is not None and not self.other_closes:
            half_closeable.readConnectionLost()
        else:
            self.outbound.finish()
            self.lose(ConnectionDone())

    def lane_failed(self, error: Exception) -> None:
        """The protocol raised: Twisted drops the connection then."""
        self.abortConnection()

    def lane_empty(self) -> None:
        """Everything was delivered to the other side."""
        if self._producer is not None and (self._producer_paused or not self._pushes):
            self._producer_paused = False
            self._producer.resumeProducing()

    def lose(self, error: Exception) -> None:
        """Tell the protocol, in the next turn, that the connection is over."""
        if not self.lost:
            self.lost = True
            self.disconnecting = True
            self._reactor.callLater(0, self._tell_lost, error)

    def _tell_lost(self, error: Exception) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        self._protocol.connectionLost(Failure(error))

    def _finish_all(self) -> None:
        # What is written stays readable for the other side, as in a kernel's buffer.
        self.outbound.finish()
        self.lose(ConnectionDone())
