"""The line to a client: its stream and its time, how answers are written and how it ends."""

from __future__ import annotations

from typing import Any, Final

from pointsman.contracts.tls import TlsFacts
from pointsman.core.exchange import Exchange
from pointsman.core.forwarded import AboutClient
from pointsman.core.hop_by_hop import (
    ends_connection,
    interim_bytes,
    request_bytes,
    response_bytes,
    switching_bytes,
)
from pointsman.core.http1.bodies import Body, chunk, last_chunk
from pointsman.core.http1.fields import folded
from pointsman.core.http1.request_reader import RequestReader
from pointsman.core.members import Member
from pointsman.core.ports import UpstreamPort
from pointsman.core.ruled_exchange import RuledExchange
from pointsman.model.connection import ConnectionFacts
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import DROPPED, STOPPED
from pointsman.net.client_supplies import ClientSupplies
from pointsman.net.relay import Relay
from pointsman.net.ruled_client import RuledClient
from pointsman.net.stream import Stream
from pointsman.net.upstream import UpstreamConnection

# After a refusal the rest of what the client sends is read and thrown away for this long, so that
# it gets to see the answer instead of a reset (RFC 9112 section 9.6).
_LINGER_SECONDS: Final = 2.0


class ClientLine:
    """What an exchange asks of its client (core.ports.ClientPort, but for ``done``).

    Attributes:
        connection: its fixed facts.
        bound: the connection to a server on which it is logged in, while that waits, else None.
        closing: it ends after the exchange under way.
        exchange: the exchange under way, None between two.
        ruled: it, as rules see it; None if there are none.
        tls: what its handshake told, None without TLS.
        deadline, slot: its place in the wheel of deadlines.
    """

    __slots__ = (
        "__weakref__",
        "_about",
        "_blocked",
        "_body",
        "_buffer",
        "_chunking",
        "_crowded",
        "_half_closed",
        "_head_begun",
        "_held",
        "_lingering",
        "_memory",
        "_put_off",
        "_reader",
        "_relay",
        "_serving",
        "_stream",
        "_supplies",
        "_unsent",
        "bound",
        "closing",
        "connection",
        "deadline",
        "exchange",
        "ruled",
        "slot",
        "tls",
    )

    def __init__(
        self, supplies: ClientSupplies, connection: ConnectionFacts, tls: TlsFacts | None = None
    ) -> None:
        self._supplies = supplies
        self.tls = tls
        self.connection = connection
        self.bound: UpstreamPort | None = None
        self.ruled: RuledClient | None = None
        self.closing = False
        self.exchange: Exchange | None = None
        self.deadline = 0
        self.slot = 0
        self._about = AboutClient(supplies.forwarding, connection)
        self._reader = RequestReader(supplies.limits, supplies.lines)
        self._stream: Stream | None = None
        self._buffer = b""
        self._body: Body | None = None
        self._chunking = False
        self._relay: Relay | None = None
        self._blocked = False  # it reads too slowly
        self._unsent = 0  # what waited for it when we last looked
        self._held = False  # its body comes too fast for the server
        self._crowded = False  # it sent too much ahead
        self._half_closed = False
        self._memory: dict[object, object] | None = None
        self._head_begun = False
        self._lingering = False  # nothing more is said or heard, it is only to be closed
        self._serving = False
        self._put_off = False  # what it sent ahead is served in another turn

    @property
    def memory(self) -> dict[object, object]:
        """What plugins remember as long as this connection is open, made when it is asked for."""
        if self._memory is None:
            self._memory = self.ruled.memory if self.ruled is not None else {}
        return self._memory

    def _new_exchange(self, client_ip: str) -> Exchange:
        """For the next request, of the kind that the service wants."""
        supplies = self._supplies.exchange
        rules = supplies.service.rules
        if rules is None:
            return Exchange(supplies, self, client_ip)
        exchange = RuledExchange(supplies, self, client_ip, rules)
        if self.ruled is not None and self.ruled.forward is not None:
            exchange.send_to(self.ruled.forward)
        return exchange

    # ---- what the exchange asks ----

    def request_bytes(self, head: RequestHead) -> bytes:
        """The head as the server gets it, with what is told about this client."""
        about = self._about
        lines = about.lines(head)
        if own := self._supplies.own_request_fields:
            # Only we may say who the client is; "X_SSL_..." looks the same to many programs.
            for name, _ in tuple(head.headers):
                if folded(name) in own:
                    head.headers.remove(name)
            if self.tls is not None:
                lines += self.tls.lines  # about the client's certificate
        return request_bytes(head, lines, about.replaced)

    def _fit(self, trailers: list[Field]) -> list[Field]:
        """The trailers of a request; none if one of them is a field that only we may set.

        Some servers take trailers for headers. They are dropped as a whole, as those are that
        could change what the head has said (``core/http1/bodies.py``).
        """
        own = self._supplies.own_request_fields
        if own and any(folded(name) in own for name, _ in trailers):
            return []
        return trailers

    def send_interim(self, head: ResponseHead) -> None:
        """Pass a 1xx answer on."""
        if self._stream is not None:
            self._stream.write(interim_bytes(head))
            self._await_body()

    def send_head(self, head: ResponseHead, data: bytes, ended: bool, close: bool) -> None:
        """Begin the answer, with the body so far; ``close`` ends the connection after it."""
        exchange = self.exchange
        assert exchange is not None
        request = exchange.request
        minor = request.minor if request is not None else 1
        bodiless = request is not None and request.method == b"HEAD"
        if close or ends_connection(head, minor):
            self.closing = True
        for name in self._supplies.own_response_fields:
            if name in head.headers:
                head.headers.remove(name)
        out = response_bytes(
            head,
            self._supplies.via,
            client_minor=minor,
            close=self.closing,
            bodiless=bodiless,
        )
        if head.body_length < 0:
            self._chunking = chunking = minor > 0 and not bodiless
            if data and chunking:
                data = chunk(data)
            if ended and chunking:
                data += last_chunk([])
        else:
            self._chunking = False
        if self._stream is not None:
            self._stream.write(out + data)

    def send_data(self, data: bytes) -> None:
        """More of the body, not empty."""
        if self._stream is not None:
            self._stream.write(chunk(data) if self._chunking else data)

    def send_end(self, trailers: list[Field]) -> None:
        """The answer is complete."""
        if self._chunking and self._stream is not None:
            self._stream.write(last_chunk(trailers))

    def cut(self) -> None:
        """The answer cannot be completed: let the client see that it is broken."""
        self.closing = True
        self.exchange = None  # it asks for this itself, and shall not take it for the client's wish
        if self._stream is not None:
            self._stream.abort()

    def hold(self) -> None:
        """Stop reading the request body for now; whoever lets the client wait has its own time."""
        if self._stream is not None:
            self._held = True
            if not self._blocked:
                self.deadline = 0
            self._stream.pause()

    def go_on(self) -> None:
        """Read on."""
        self._held = False
        if self._stream is not None and not self._half_closed:
            self._await_body()
            if not self._crowded:
                self._stream.resume()

    # ---- tunnels ----

    def switch(self, head: ResponseHead | None, upstream: Any, data: bytes) -> None:
        """Join client and upstream to a tunnel; ``tunnel_finished`` of the exchange follows."""
        supplies = self._supplies
        client_stream, self._stream = self._stream, None
        self._log_out()
        assert client_stream is not None
        assert isinstance(upstream, UpstreamConnection)
        upstream_stream = upstream.detach()
        assert upstream_stream is not None
        supplies.deadlines.disarm(self)
        if head is not None:
            client_stream.write(switching_bytes(head))
        else:
            client_stream.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        buffered, self._buffer = self._buffer, b""
        self._relay = Relay(
            client_stream,
            upstream_stream,
            supplies.deadlines,
            supplies.timeouts.tunnel,
            self._tunnel_finished,
            to_upstream=buffered,
            to_client=data,
        )

    def _tunnel_finished(self, relay: Relay, termination: str) -> None:
        self._relay = None
        exchange = self.exchange
        if exchange is not None:
            exchange.tunnel_finished(relay.bytes_in, relay.bytes_out, termination)
        self._supplies.gone(self)

    # ---- new settings ----

    def move_on(self) -> bool:
        """Let the next exchange have the settings of now; False if we are to end instead."""
        newest = self._supplies.newest
        if newest.draining:
            return False
        if newest is not self._supplies:
            self._supplies = newest
            self._about = AboutClient(newest.forwarding, self.connection)
            self._reader = RequestReader(newest.limits, newest.lines)
        return True

    # ---- its time ----

    def timed_out(self) -> None:
        """The deadline has passed: the reading half knows for what."""
        raise NotImplementedError

    def done(self, completed: bool) -> None:
        """The exchange is over (``ClientConnection.done``)."""
        raise NotImplementedError

    def _await_body(self) -> None:
        """Give the client time for more of the body, unless something else has to come first."""
        if self._body is not None and not self._held and not self._blocked:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.body)

    def _reads_too_slowly(self) -> None:
        stream = self._stream
        if stream is None:
            return
        waiting = stream.waiting
        if 0 < waiting != self._unsent:
            self._unsent = waiting  # it does read, if slowly
            self._supplies.deadlines.arm(self, self._supplies.timeouts.stream)
        elif self.exchange is not None:
            self.exchange.client_stalled()
        elif waiting:
            stream.abort()
        else:
            stream.close()

    # ---- how it ends ----

    def _end(self, completed: bool) -> None:
        self.closing = True
        self._body = None
        # What comes after a close would make the kernel answer with a reset, and that could take
        # the answer from the client before it was read (RFC 9112 section 9.6).
        lingers = not self._half_closed and (not completed or bool(self._buffer))
        self._buffer = b""
        if not lingers or self._stream is None:
            self._close()
            return
        self._lingering = True
        self._unsent = 0
        self._stream.finish()
        self._stream.resume()
        self._supplies.deadlines.arm(self, _LINGER_SECONDS)

    def _close(self) -> None:
        self._supplies.deadlines.disarm(self)
        self.closing = True
        self._lingering = True
        self._buffer = b""
        stream = self._stream
        if stream is None:
            return
        stream.close()
        if self._stream is not None:
            # The client has to read the rest first, and that in time.
            self._unsent = stream.waiting
            self._supplies.deadlines.arm(self, self._supplies.timeouts.stream)

    def leave(self, member: Member) -> None:
        """That member keeps nothing: end what is under way there, or have it done elsewhere."""
        exchange = self.exchange
        if exchange is None or exchange.member is not member:
            return
        if self._relay is not None:
            self._relay.abort(DROPPED)
        else:
            exchange.server_dropped(member)

    def _log_out(self) -> None:
        """Nobody but this client may use the connection on which it is logged in."""
        if self.bound is not None:
            self.bound.close()

    def stop_when_idle(self) -> None:
        """We are stopping: close now if nothing is under way, else after the exchange."""
        self.closing = True
        if self.exchange is None and not self._lingering:
            self._close()

    def stop(self) -> None:
        """The drain time is over."""
        if self._relay is not None:
            self._relay.abort(STOPPED)
            return
        if self.exchange is not None:
            self.exchange.stop()
        stream = self._stream
        if stream is None:
            return
        if stream.waiting:
            stream.abort()
        else:
            stream.close()
