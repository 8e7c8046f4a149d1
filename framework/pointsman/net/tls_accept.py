"""Taking TLS off: the handshakes of one service's clients, each in its own time."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any, Protocol

from twisted.logger import Logger

from pointsman.contracts.tls import TlsClientSide, TlsFacts
from pointsman.core.deadlines import Deadlines
from pointsman.core.error_answer import PLAIN_HTTP_REFUSED
from pointsman.model.connection import ConnectionFacts
from pointsman.net.plain_stream import PlainStream
from pointsman.net.stream import Stream
from pointsman.net.tls_socket import ReadBuffer, TlsError, TlsSocket, TlsTruncated
from pointsman.net.tls_stream import TlsStream

# Who speaks HTTP to a TLS port is told so, and given this long to read it.
_LINGER_SECONDS = 2.0
TIMED_OUT = "the handshake did not come to its end in time"
STOPPING = "we are stopping"
GAVE_UP = "the client left during the handshake"
# Different words for failures that are counted; whatever a client makes up beyond is one more.
_MOST_REASONS = 64


class Arriving(Protocol):
    """The connections of a service: who is given those whose handshake is done."""

    def arrived(self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts) -> None:
        """TLS is off; reading is not yet on."""


class TlsAccepting:
    """The handshakes under way with the clients of one virtual service.

    Args:
        service: its name, for the log.
        side: makes the connections; asked anew for each.
        reactor: offers IReactorFDSet and IReactorTime.
        deadlines: the wheel.
        arriving: given what is done.

    Attributes:
        arriving: as above; another one after a reload.
        done: handshakes that came to their end.
        resumed: how many of them resumed a session.
        refused: connections closed because too many handshakes were under way.
        failures: how often each reason was met.
    """

    log = Logger()

    def __init__(
        self,
        service: str,
        side: TlsClientSide,
        reactor: Any,
        deadlines: Deadlines,
        arriving: Arriving,
    ) -> None:
        self._service = service
        self.arriving = arriving
        self._buffer = ReadBuffer()
        self._open: set[_Handshake] = set()
        self._lingering: set[_Refusal] = set()
        self._said: set[str] = set()
        self.side = side
        self.reactor = reactor
        self.deadlines = deadlines
        self.done = 0
        self.resumed = 0
        self.refused = 0
        self.failures: Counter[str] = Counter()

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """A client has connected; ``sock`` is non-blocking and ours from now on."""
        most = self.side.most_handshakes
        if len(self._open) >= most > 0:
            self.refused += 1
            sock.close()
            return
        local = sock.getsockname() if peer[0] else ("", 0)
        try:
            tls = TlsSocket(self.side.connection(sock), self._buffer)
        except Exception:
            sock.close()
            raise
        facts = ConnectionFacts(peer[0], peer[1], local[0], local[1], secure=True)
        handshake = _Handshake(self, facts, sock, tls)
        self._open.add(handshake)
        self.deadlines.arm(handshake, self.side.handshake_timeout)
        handshake.stream.shake_hands()

    def __len__(self) -> int:
        return len(self._open) + len(self._lingering)

    def stop(self) -> None:
        """Give up all that is under way: nobody has asked for anything yet."""
        for handshake in list(self._open):
            handshake.stream.abort()
        for refusal in list(self._lingering):
            refusal.stream.abort()

    # ---- what a handshake tells ----

    def is_done(self, handshake: _Handshake) -> None:
        """It carries bytes from now on."""
        self._open.discard(handshake)
        self.deadlines.disarm(handshake)
        self.done += 1
        stream = handshake.stream
        if stream.tls.resumed:
            self.resumed += 1
        tls = self.side.facts(stream.tls.connection)
        facts = handshake.facts._replace(
            server_name=tls.server_name, client_certificate=tls.certificate
        )
        self.arriving.arrived(stream, facts, tls)

    def has_failed(self, handshake: _Handshake, words: str) -> None:
        """It came to nothing. What a client can cause is counted, and told to the log once."""
        self._open.discard(handshake)
        self.deadlines.disarm(handshake)
        if words not in self.failures and len(self.failures) >= _MOST_REASONS:
            words = "other reasons"
        self.failures[words] += 1
        if words not in self._said:
            self._said.add(words)
            self.log.info(
                "{service}: a TLS handshake with {client} failed: {reason} "
                "(from now on this reason is only counted)",
                service=self._service,
                client=handshake.facts.peer_ip,
                reason=words,
            )

    def answer_plain(self, sock: socket.socket) -> None:
        """Say in plain HTTP that this is a TLS port, then close."""
        refusal = _Refusal(self)
        self._lingering.add(refusal)
        refusal.start(sock)

    def answered(self, refusal: _Refusal) -> None:
        """The refusal was read, or nobody did."""
        self._lingering.discard(refusal)
        self.deadlines.disarm(refusal)


class _Handshake:
    """Owner of a stream until its handshake is done (net.tls_line.HandshakeOwner)."""

    __slots__ = ("_accepting", "_timed_out", "deadline", "facts", "slot", "stream")

    def __init__(
        self, accepting: TlsAccepting, facts: ConnectionFacts, sock: socket.socket, tls: TlsSocket
    ) -> None:
        self._accepting = accepting
        self._timed_out = False
        self.facts = facts
        self.deadline = 0
        self.slot = 0
        self.stream = TlsStream(accepting.reactor, sock, tls, self)

    def handshake_done(self) -> None:
        """TLS is on."""
        self._accepting.is_done(self)

    def handshake_failed(self, error: Exception, sock: socket.socket) -> None:
        """There will be no TLS."""
        connection = self.stream.tls.connection
        words = self._accepting.side.failure(connection, _in_words(error))
        self._accepting.has_failed(self, words)
        if isinstance(error, TlsError) and error.plain_http:
            self._accepting.answer_plain(sock)
        else:
            sock.close()
        del self.stream  # no cycle shall be left to collect

    def stream_lost(self, error: Exception | None) -> None:
        """We gave it up."""
        self._accepting.has_failed(self, TIMED_OUT if self._timed_out else STOPPING)
        del self.stream

    def timed_out(self) -> None:
        """The client is too slow, or silent."""
        self._timed_out = True
        self.stream.abort()

    def data_received(self, data: bytes) -> None:
        """Never: reading is not on."""

    def end_received(self) -> None:
        """Likewise."""

    def blocked(self) -> None:
        """Never: nothing is written."""

    def drained(self) -> None:
        """Likewise."""


class _Refusal:
    """Owner of a plain stream on which the client is told to use TLS."""

    __slots__ = ("_accepting", "deadline", "slot", "stream")

    stream: PlainStream

    def __init__(self, accepting: TlsAccepting) -> None:
        self._accepting = accepting
        self.deadline = 0
        self.slot = 0

    def start(self, sock: socket.socket) -> None:
        """Say it, and read what still comes, so that the answer is not lost to a reset."""
        self.stream = stream = PlainStream(self._accepting.reactor, sock, self)
        self._accepting.deadlines.arm(self, _LINGER_SECONDS)
        stream.write(PLAIN_HTTP_REFUSED)
        stream.finish()
        stream.resume()

    def timed_out(self) -> None:
        """It had time enough."""
        self.stream.abort()

    def end_received(self) -> None:
        """The client has read it."""
        self.stream.close()

    def stream_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._accepting.answered(self)
        del self.stream

    def data_received(self, data: bytes) -> None:
        """The rest of a request that nobody reads."""

    def blocked(self) -> None:
        """The answer is too small for that."""

    def drained(self) -> None:
        """Likewise."""


class _Unwanted:
    """Owner of a stream that is only to be closed."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Nobody wants it."""

    def end_received(self) -> None:
        """Nobody cares."""

    def stream_lost(self, error: Exception | None) -> None:
        """As it should be."""

    def blocked(self) -> None:
        """Never: nothing is written."""

    def drained(self) -> None:
        """Likewise."""


def turn_away(stream: Stream) -> None:
    """Close a stream that has arrived, but cannot be served."""
    stream.owner = _Unwanted()
    stream.close()


def _in_words(error: Exception) -> str:
    return GAVE_UP if isinstance(error, OSError | TlsTruncated) else str(error)
