"""The connection of a ``valkey`` table to its server: made, kept, and made again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import hiredis
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.python.failure import Failure

# Seconds: how long the server may be silent while it owes us something, and the pauses between
# two tries to connect, which double from the first to the last.
PATIENCE = 5.0
PAUSES = (0.1, 5.0)

_NOT_YET = object()

Done = Callable[[Any], None]
# A command, and whether there is a reply to it.
Greeting = tuple[bytes, bool]


class Owner(Protocol):
    """Whom a link tells what happens."""

    def up(self) -> None:
        """The connection stands and is set up."""

    def down(self, reason: str) -> None:
        """It is lost, or could not be made. What was sent and not answered stays so."""

    def pushed(self, words: Sequence[Any]) -> None:
        """The server says something by itself."""


class ValkeyLink:
    """One connection in the third version of the protocol, in which replies and what the server
    says by itself come in the order in which the server did it.

    Commands of one turn of the reactor are written together. Each reply goes to the callback
    given with its command: bytes, int, list or None, or a `hiredis.ReplyError`.

    Args:
        reactor: offers callLater and seconds.
        endpoint: where the server is.
        greeting: commands that set a connection up, made for each anew. None may fail, and the
            last one has a reply.
        owner: is told what happens.
    """

    def __init__(
        self,
        reactor: Any,
        endpoint: IStreamClientEndpoint,
        greeting: Callable[[], Sequence[Greeting]],
        owner: Owner,
    ) -> None:
        self._reactor = reactor
        self._endpoint = endpoint
        self._greeting = greeting
        self._owner = owner
        self._stream: _Stream | None = None
        self._connecting: Any = None
        self._retry: Any = None
        self._flush_call: Any = None
        self._pause = PAUSES[0]
        self._stopped = False
        self._out: list[bytes] = []
        self._waiting: deque[Done] = deque()
        self._heard = 0.0

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._retry = None
        self._connecting = self._endpoint.connect(Factory.forProtocol(lambda: _Stream(self)))
        self._connecting.addErrback(self._failed)

    def stop(self) -> None:
        """Write what is to be written, and close."""
        self._stopped = True
        for call in (self._retry, self._flush_call):
            if call is not None:
                call.cancel()
        self._retry = self._flush_call = None
        stream = self._stream
        if stream is not None:
            stream.write(b"".join(self._out))
            stream.lose()
        elif self._connecting is not None:
            self._connecting.cancel()

    def send(self, command: bytes, done: Done | None) -> None:
        """Send a command on the connection that stands; its reply goes to ``done``.

        None is for what the server answers by telling something, such as SUBSCRIBE.
        """
        if done is not None:
            if not self._waiting:
                self._heard = self._reactor.seconds()
            self._waiting.append(done)
        self._out.append(command)
        if self._flush_call is None:
            self._flush_call = self._reactor.callLater(0, self._flush)

    def tick(self) -> None:
        """Called about once a second: lose a server that is silent, ask one that may be gone."""
        if self._stream is None:
            return
        silent = self._reactor.seconds() - self._heard
        if silent < PATIENCE:
            return
        if self._waiting:
            self.abort(f"no answer in {PATIENCE:g} s")
        else:
            self.send(_PING, lambda reply: None)

    def abort(self, reason: str) -> None:
        """Lose the connection now, and connect again."""
        stream = self._stream
        if stream is not None:
            self._lost(reason)
            stream.abort()

    def _flush(self) -> None:
        self._flush_call = None
        out, self._out = self._out, []
        if self._stream is not None:
            self._stream.write(b"".join(out))

    # ---- told by the stream ----

    def made(self, stream: _Stream) -> None:
        """The stream stands: set the connection up."""
        self._stream = stream
        self._connecting = None
        try:
            greeting = self._greeting()
        except ValueError as error:
            self.abort(str(error))
            return
        for command, has_reply in greeting[:-1]:
            self.send(command, self._greeted if has_reply else None)
        self.send(greeting[-1][0], self._ready)

    def _greeted(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self.abort(_in_words(reply))

    def _ready(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self.abort(_in_words(reply))
            return
        self._pause = PAUSES[0]
        self._owner.up()

    def received(self, stream: _Stream, reader: hiredis.Reader) -> None:
        """Take the replies that have come."""
        self._heard = self._reactor.seconds()
        while self._stream is stream:
            try:
                reply = reader.gets()
            except hiredis.ProtocolError as error:
                self.abort(f"it does not speak the protocol: {error}")
                return
            if reply is _NOT_YET:
                return
            if isinstance(reply, hiredis.PushNotification):
                self._owner.pushed(reply)
            elif self._waiting:
                self._waiting.popleft()(reply)
            else:
                self.abort("it answered what nobody had asked")

    def ended(self, stream: _Stream, reason: Failure) -> None:
        """The stream is at its end."""
        if self._stream is stream:
            closed = reason.check(ConnectionDone)
            self._lost("it closed the connection" if closed else reason.getErrorMessage())

    def _failed(self, reason: Failure) -> None:
        self._connecting = None
        if not self._stopped:
            self._lost(reason.getErrorMessage())

    def _lost(self, reason: str) -> None:
        self._stream = None
        self._waiting.clear()
        self._out.clear()
        if self._stopped:
            return
        self._owner.down(reason)
        self._retry = self._reactor.callLater(self._pause, self.start)
        self._pause = min(self._pause * 2, PAUSES[1])


_PING = b"*1\r\n$4\r\nPING\r\n"


def _in_words(error: hiredis.ReplyError) -> str:
    told = str(error)
    if "unknown command" in told and "HELLO" in told.upper():
        return "it is too old: Valkey, or Redis 6, is needed"
    return told


class _Stream(StreamProtocol):
    """The bytes of one connection."""

    def __init__(self, link: ValkeyLink) -> None:
        self._link = link
        self._reader = hiredis.Reader(notEnoughData=_NOT_YET)

    def connectionMade(self) -> None:
        assert self.transport is not None
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self._link.made(self)

    def dataReceived(self, data: bytes) -> None:
        self._reader.feed(data)
        self._link.received(self, self._reader)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._link.ended(self, reason)

    def write(self, data: bytes) -> None:
        """Write to the server."""
        if data and self.transport is not None:
            self.transport.write(data)

    def lose(self) -> None:
        """Close once everything is written."""
        if self.transport is not None:
            self.transport.loseConnection()

    def abort(self) -> None:
        """Close now."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]
