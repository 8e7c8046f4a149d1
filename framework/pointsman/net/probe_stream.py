"""What a probe travels on: a stream to the server, plain or with TLS."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from OpenSSL import SSL

from pointsman.contracts.tls import TlsUpstreamSide
from pointsman.core.deadlines import Deadlines
from pointsman.core.health_report import Outcome
from pointsman.model.errors import UpstreamError
from pointsman.model.server import RealServer
from pointsman.net.attempt import CONNECT, ProbeOwner
from pointsman.net.call import Call, Dialled
from pointsman.net.dial import Dialler
from pointsman.net.stream import Stream
from pointsman.net.tls_dial import TlsCall, TlsDialler

# Opens a stream to a server, with at most so many seconds for it.
Dial = Callable[[RealServer, float, Dialled], Call | None]

# The dialler's own bound is coarse; that of the attempt is exact, so let this one come later.
_SLACK = 5.0


class StreamTransport:
    """One stream (net.attempt.ProbeTransport, net.call.Dialled).

    Args:
        dial: opens it.
        server: to whom.
        owner: told what happens.
    """

    def __init__(self, dial: Dial, server: RealServer, owner: ProbeOwner) -> None:
        self._dial = dial
        self._server = server
        self._owner: ProbeOwner | None = owner
        self._call: Call | None = None
        self._stream: Stream | None = None
        self._connected = False
        self._came = 0

    # ---- what the attempt asks ----

    def open(self, seconds: float) -> None:
        """Begin to connect."""
        call = self._dial(self._server, seconds + _SLACK, self)
        if self._owner is not None and self._stream is None:
            self._call = call

    def send(self, data: bytes) -> None:
        """Write; a request is small, so what the kernel does not take is kept."""
        if self._stream is not None:
            self._stream.write(data)

    def listen(self) -> None:
        """Begin to read."""
        if self._stream is not None:
            self._stream.resume()

    def close(self, *, clean: bool) -> None:
        """Close, or reset: no lingering socket for a server that says nothing, or too much."""
        self._owner = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if clean:
            stream.close()
        else:
            stream.abort()

    # ---- what the dialler tells ----

    def connected(self, stream: Stream) -> None:
        """A TLS dialler has connected, and is about to begin TLS."""
        self._connected = True
        if self._owner is not None:
            self._owner.noted(CONNECT, _to(stream))

    def dialled(self, stream: Stream) -> None:
        """The stream is open."""
        self._call = None
        owner = self._owner
        if owner is None:
            stream.abort()
            return
        self._stream = stream
        owner.opened(_tls_words(stream) if self._connected else _to(stream))

    def dial_failed(self, error: UpstreamError) -> None:
        """Refused or unreachable, or we have no means to connect at all."""
        self._call = None
        owner, self._owner = self._owner, None
        if owner is None:
            return
        outcome = Outcome.UNABLE if error.is_ours else Outcome.BAD
        place = self._server.place
        if self._connected:
            owner.failed(outcome, f"no TLS with {place}: {error}", tls=str(error))
        else:
            owner.failed(outcome, f"cannot connect to {place}: {error}")

    # ---- what the stream tells ----

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._came += len(data)
        if self._owner is not None:
            self._owner.received(data)

    def end_received(self) -> None:
        """The server has finished sending."""
        if self._owner is not None:
            self._owner.finished()

    def stream_lost(self, error: Exception | None) -> None:
        """The stream is gone, before a verdict or because of it."""
        self._stream = None
        owner = self._owner
        if owner is None:
            return
        if error is None:
            owner.finished()
            return
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        owner.failed(Outcome.BAD, f"the connection broke after {self._came} bytes: {words}")

    def blocked(self) -> None:
        """The stream keeps what it cannot send; a request is small."""

    def drained(self) -> None:
        """All is sent."""


class TlsDialling:
    """Dials with TLS for probes: nothing is logged, and no session is kept for later.

    Args:
        dialler: connects.
        reactor: offers IReactorFDSet and IReactorTime.
        deadlines: the wheel.
    """

    def __init__(self, dialler: Dialler, reactor: Any, deadlines: Deadlines) -> None:
        self._dialler = dialler
        self._reactor = reactor
        self._deadlines = deadlines

    def dial(self, side: TlsUpstreamSide, key: Hashable) -> Dial:
        """What opens a stream to a server whose certificate ``side`` judges by ``key``."""
        silent = _Silent("", _Forgetful(side), self._dialler, self._reactor, self._deadlines)

        def dial(server: RealServer, timeout: float, owner: Dialled) -> Call | None:
            call = _NotedCall(silent, server, timeout, owner, key)
            return call if call.start(self._dialler) else None

        return dial


class _Silent(TlsDialler):
    """What it meets is told by the check, which knows whether it is news."""

    def failed(self, server: RealServer, words: str) -> None:
        """Say nothing."""


class _NotedCall(TlsCall):
    """Tells the transport that owns it when it is connected."""

    __slots__ = ()

    def dialled(self, stream: Stream) -> None:
        """Connected: note it, and begin TLS."""
        owner = self._owner
        if isinstance(owner, StreamTransport):
            owner.connected(stream)
        super().dialled(stream)


class _Forgetful:
    """A side toward servers that keeps no session: each probe sees the certificate anew."""

    def __init__(self, side: TlsUpstreamSide) -> None:
        self._side = side
        self.key = side.key
        self.connection = side.connection
        self.trouble = side.trouble
        self.failure = side.failure

    def learn(self, connection: Any, key: Hashable) -> None:
        """Keep nothing."""


def _to(stream: Stream) -> str:
    host, port = stream.peer
    return f"connected to {f'[{host}]' if ':' in host else host}:{port}" if host else "connected"


def _tls_words(stream: Stream) -> str:
    connection = getattr(getattr(stream, "tls", None), "connection", None)
    if not isinstance(connection, SSL.Connection):
        return "TLS is on"
    return f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
