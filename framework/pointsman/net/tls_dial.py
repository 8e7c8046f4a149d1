"""Putting TLS on: from a connected socket to a stream to the very server that was meant."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Hashable
from typing import Any

from twisted.logger import Logger

from pointsman.contracts.tls import TlsUpstreamSide
from pointsman.core.deadlines import Deadlines
from pointsman.model.errors import UpstreamError
from pointsman.model.server import RealServer
from pointsman.net.call import Call, Dialled
from pointsman.net.dial import Dialler
from pointsman.net.plain_stream import PlainStream
from pointsman.net.stream import Stream
from pointsman.net.tls_socket import ReadBuffer, TlsSocket
from pointsman.net.tls_stream import TlsStream

# The same trouble with the same server is told to the log once in so many seconds.
_SAY_AGAIN = 60
_MOST_SAID = 1024


class TlsDialler:
    """Opens TLS streams to the real servers of one virtual service.

    Args:
        service: its name, for the log.
        side: makes the connections and judges the servers.
        dialler: connects.
        reactor: offers IReactorFDSet and IReactorTime.
        deadlines: the wheel.

    Attributes:
        troubles: server name -> what was wrong with it last.
        failures: server name -> how often its TLS failed.
    """

    log = Logger()

    def __init__(
        self,
        service: str,
        side: TlsUpstreamSide,
        dialler: Dialler,
        reactor: Any,
        deadlines: Deadlines,
    ) -> None:
        self._service = service
        self._dialler = dialler
        self._said: dict[tuple[str, str], int] = {}
        self.side = side
        self.reactor = reactor
        self.deadlines = deadlines
        self.buffer = ReadBuffer()
        self.troubles: dict[str, str] = {}
        self.failures: Counter[str] = Counter()

    def dial(
        self, server: RealServer, timeout: float, owner: Dialled, key: Hashable
    ) -> Call | None:
        """Open a stream to ``server``, with ``timeout`` seconds for each of TCP and TLS.

        Args:
            server: its certificate is judged as the mode wants it.
            timeout: 0 for no limit.
            owner: told how it ends, perhaps before this returns.
            key: what ``side.key`` said of this connection.

        Returns:
            The attempt, to cancel it; None if ``owner`` has already been told how it ended.
        """
        call = TlsCall(self, server, timeout, owner, key)
        return call if call.start(self._dialler) else None

    def failed(self, server: RealServer, words: str) -> None:
        """Note what is wrong with a server; the operator is told, the client is not."""
        self.failures[server.name] += 1
        self.troubles[server.name] = words
        now = self.deadlines.now
        if now - self._said.get((server.name, words), -_SAY_AGAIN) < _SAY_AGAIN:
            return
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        self._said[server.name, words] = now
        self.log.warn(
            "{service}: no TLS with server {server} at {place}: {words}",
            service=self._service,
            server=server.name,
            place=server.place,
            words=words,
        )


class TlsCall:
    """One attempt: first to connect (net.call.Dialled), then to shake hands (HandshakeOwner)."""

    __slots__ = (
        "_call",
        "_dialler",
        "_key",
        "_owner",
        "_server",
        "_stream",
        "_timeout",
        "_words",
        "deadline",
        "slot",
    )

    def __init__(
        self,
        dialler: TlsDialler,
        server: RealServer,
        timeout: float,
        owner: Dialled,
        key: Hashable,
    ) -> None:
        self._dialler = dialler
        self._server = server
        self._timeout = timeout
        self._owner: Dialled | None = owner
        self._key = key
        self._call: Call | None = None
        self._stream: TlsStream | None = None
        self._words = ""
        self.deadline = 0
        self.slot = 0

    def start(self, dialler: Dialler) -> bool:
        """Begin; whether it is still under way afterwards."""
        call = dialler.dial(self._server, self._timeout, self)
        # Connected at once, the handshake may be under way by now.
        if call is not None and self._stream is None:
            self._call = call
        return self._owner is not None

    def cancel(self) -> None:
        """Give up in silence."""
        self._owner = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        self._give_up_stream()

    # ---- what the dialler says ----

    def dialled(self, stream: Stream) -> None:
        """Connected: begin TLS."""
        self._call = None
        if self._owner is None:
            stream.abort()
            return
        if not isinstance(stream, PlainStream):
            stream.abort()
            self._fail("TLS is spoken over sockets only, not to endpoints and local servers")
            return
        dialler, key = self._dialler, self._key
        reactor, sock, _ = stream.release()
        try:
            connection = dialler.side.connection(sock, self._server, key)
        except Exception:
            sock.close()
            self._fail("no TLS connection could be made")
            raise
        tls = TlsSocket(connection, dialler.buffer)

        def learnt() -> None:
            dialler.side.learn(connection, key)

        self._stream = tls_stream = TlsStream(reactor, sock, tls, self, learnt)
        dialler.deadlines.arm(self, self._timeout)
        tls_stream.shake_hands()

    def dial_failed(self, error: UpstreamError) -> None:
        """Not even connected."""
        self._call = None
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.dial_failed(error)

    # ---- what the stream says ----

    def handshake_done(self) -> None:
        """TLS is on: is this the server that was meant?"""
        dialler = self._dialler
        dialler.deadlines.disarm(self)
        stream, owner = self._stream, self._owner
        if stream is None or owner is None:
            self._give_up_stream()
            return
        trouble = dialler.side.trouble(stream.tls.connection, self._key)
        if trouble:
            self._give_up_stream()
            self._fail(trouble)
            return
        dialler.troubles.pop(self._server.name, None)
        self._stream = self._owner = None
        stream.owner = owner
        owner.dialled(stream)

    def handshake_failed(self, error: Exception, sock: socket.socket) -> None:
        """No TLS."""
        stream, self._stream = self._stream, None
        sock.close()
        words = f"TLS handshake: {error}"
        if stream is not None:
            words = self._dialler.side.failure(stream.tls.connection, words)
        self._fail(words)

    def timed_out(self) -> None:
        """The server is too slow."""
        self._give_up_stream()
        self._fail("TLS handshake: timed out", errno.ETIMEDOUT)

    def stream_lost(self, error: Exception | None) -> None:
        """We gave it up."""

    def data_received(self, data: bytes) -> None:
        """Never: reading is not on."""

    def end_received(self) -> None:
        """Likewise."""

    def blocked(self) -> None:
        """Never: nothing is written."""

    def drained(self) -> None:
        """Likewise."""

    # ---- how it ends ----

    def _give_up_stream(self) -> None:
        self._dialler.deadlines.disarm(self)
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()

    def _fail(self, words: str, number: int = 0) -> None:
        self._dialler.deadlines.disarm(self)
        owner, self._owner = self._owner, None
        if owner is not None:
            self._dialler.failed(self._server, words)
            owner.dial_failed(UpstreamError("connect", words, retryable=True, errno=number))
