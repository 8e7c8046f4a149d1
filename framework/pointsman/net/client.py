"""The protocol toward a client: requests in, responses out, in order, one exchange at a time."""

from __future__ import annotations

from typing import Any

from pointsman.core.exchange import Exchange
from pointsman.core.forwarded import AboutClient
from pointsman.core.hop_by_hop import (
    ends_connection,
    interim_bytes,
    request_bytes,
    response_bytes,
    switching_bytes,
)
from pointsman.core.http1.bodies import Body, BodyError, body_of, chunk, last_chunk
from pointsman.core.http1.request_reader import RequestReader
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import ClientError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import STOPPED
from pointsman.net.client_supplies import ClientSupplies
from pointsman.net.relay import Relay
from pointsman.net.stream import Stream
from pointsman.net.upstream import UpstreamConnection

# What a client may send ahead while its last request is still being answered.
_MOST_PIPELINED = 64 * 1024
# After a refusal the rest of what the client sends is read and thrown away for this long, so that
# it gets to see the answer instead of a reset (RFC 9112 section 9.6).
_LINGER_SECONDS = 2.0
# A client that has closed its sending side may be gone; it is given this long for its answer.
_HALF_CLOSED_SECONDS = 5.0


class ClientConnection:
    """One client connection (core.ports.ClientPort, net.stream.StreamOwner).

    Attributes:
        connection: its fixed facts.
        closing: it ends after the exchange under way.
        exchange: the exchange under way, None between two.
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
        "_reader",
        "_relay",
        "_serving",
        "_stream",
        "_supplies",
        "_unsent",
        "closing",
        "connection",
        "deadline",
        "exchange",
        "slot",
    )

    def __init__(self, supplies: ClientSupplies, connection: ConnectionFacts) -> None:
        self._supplies = supplies
        self.connection = connection
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
        self._head_begun = False
        self._lingering = False  # nothing more is said or heard, it is only to be closed
        self._serving = False

    def start(self, stream: Stream) -> None:
        """The connection is open: wait for a request."""
        self._stream = stream
        self._supplies.deadlines.arm(self, self._supplies.timeouts.header)
        stream.resume()

    def refuse_overload(self, stream: Stream) -> None:
        """The connection is one too many: say so and close it."""
        self._stream = stream
        self.closing = True
        stream.resume()
        exchange = self.exchange = Exchange(self._supplies.exchange, self, self.connection.peer_ip)
        exchange.refuse_overload()

    # ---- what the stream says ----

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self.exchange is None:
            if self._lingering:
                return
            if self._blocked:
                self._keep_for_later(data)
                return
            if self._buffer:
                data = self._buffer + data
                self._buffer = b""
            self._serve(data)
        elif self._body is not None:
            self._body_received(data)
        else:
            self._keep_for_later(data)

    def _keep_for_later(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _MOST_PIPELINED and self._stream is not None:
            self._crowded = True
            self._stream.pause()

    def _serve(self, data: bytes) -> None:
        """Begin exchanges out of ``data`` until one is left under way or nothing is left."""
        self._serving = True
        while data:
            try:
                head = self._reader.read(data)
            except ClientError as error:
                self._refuse(error)
                break
            if head is None:
                self._head_is_unfinished(data)
                break
            self._head_begun = False
            end = self._reader.end
            self._buffer = data[end:] if end < len(data) else b""
            about = self._about
            client_ip = about.client_ip(head) if about.trusted else self.connection.peer_ip
            exchange = self.exchange = Exchange(self._supplies.exchange, self, client_ip)
            if head.body_length:
                self._begin_with_body(exchange, head)
            else:
                self.deadline = 0
                exchange.begin(head, b"", True)
            # Answers that a client does not read must not pile up: the next one waits.
            if self.exchange is not None or self._blocked:
                break
            data, self._buffer = self._buffer, b""
        self._serving = False
        if self._half_closed:
            self._nothing_more_comes()

    def _serve_kept(self) -> None:
        """Go on with what came while there was no time for it."""
        data, self._buffer = self._buffer, b""
        self._serve(data)
        if self._crowded and len(self._buffer) <= _MOST_PIPELINED:
            self._crowded = False
            if not self._held and not self._half_closed and self._stream is not None:
                self._stream.resume()

    def _head_is_unfinished(self, data: bytes) -> None:
        # The time for a head runs from its first byte: one byte a second gains nothing.
        if not self._head_begun:
            self._head_begun = True
            self._supplies.deadlines.arm(self, self._supplies.timeouts.header)
        self._buffer = data

    def _begin_with_body(self, exchange: Exchange, head: RequestHead) -> None:
        body = self._body = body_of(head.body_length)
        data, self._buffer = self._buffer, b""
        if head.expects_continue and not data:
            self.deadline = 0  # it is the server's turn, until a 100 passes
        else:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.body)
        try:
            payload = body.feed(data) if data else b""
        except BodyError as error:
            self._body = None
            exchange.request = head
            exchange.refuse(ClientError(400, str(error)))
            return
        if body.ended:
            self._body_ended(body)
        ended = body.ended and not body.trailers
        exchange.begin(head, payload, ended)
        if body.ended and not ended:
            exchange.request_ended(body.trailers)

    def _body_received(self, data: bytes) -> None:
        exchange, body = self.exchange, self._body
        if exchange is None or body is None:
            return
        self._await_body()
        try:
            payload = body.feed(data)
        except BodyError as error:
            self._body = None
            exchange.refuse(ClientError(400, str(error)))
            return
        if body.ended:
            self._body_ended(body)
        if payload:
            exchange.request_data(payload)
        if body.ended:
            exchange.request_ended(body.trailers)

    def _body_ended(self, body: Body) -> None:
        self._body = None
        self._buffer = body.rest
        if not self._blocked:
            self.deadline = 0

    def _await_body(self) -> None:
        """Give the client time for more of the body, unless something else has to come first."""
        if self._body is not None and not self._held and not self._blocked:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.body)

    def end_received(self) -> None:
        """The client has finished sending; it may still wait for its answer."""
        self._half_closed = True
        self._nothing_more_comes()

    def _nothing_more_comes(self) -> None:
        exchange = self.exchange
        if exchange is None:
            if not self._blocked or not self._buffer:
                self._close()
        elif self._body is not None:
            # The request is incomplete and stays so (RFC 9112 section 8).
            if exchange.response is not None:
                self.cut()
            exchange.client_gone()
            self._close()
        else:
            if not self._buffer:
                self.closing = True
            if not self._blocked:
                self._supplies.deadlines.arm(self, _HALF_CLOSED_SECONDS)

    def stream_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._stream = None
        self.closing = True
        self._supplies.deadlines.disarm(self)
        if self.exchange is not None:
            self.exchange.client_gone()
        self._supplies.gone(self)

    def blocked(self) -> None:
        """The client reads too slowly."""
        self._blocked = True
        stream = self._stream
        if self.exchange is not None and stream is not None:
            self._unsent = stream.waiting
            self._supplies.deadlines.arm(self, self._supplies.timeouts.stream)
            self.exchange.client_blocked()

    def drained(self) -> None:
        """It has caught up."""
        self._blocked = False
        if self.exchange is not None:
            self.deadline = 0
            self._await_body()
            self.exchange.client_drained()
        elif not self._lingering:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.idle)
            if self._buffer:
                self._serve_kept()

    def timed_out(self) -> None:
        """The client let us wait for too long."""
        exchange = self.exchange
        if self._blocked or self._lingering:
            self._reads_too_slowly()
        elif exchange is None:
            if self._buffer.strip(b"\r\n"):
                self._refuse(ClientError(408, "the request head did not come in time"))
            else:
                self._close()
        elif self._body is not None:
            self._body = None
            exchange.refuse(ClientError(408, "the request body did not come in time"))
        elif exchange.response is None:
            # Half-closed, and still no answer. Once there is one, writing it finds out whether
            # anybody is there.
            exchange.client_gone()
            self._close()

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

    def _refuse(self, error: ClientError) -> None:
        """An answer to bytes that are no request."""
        self.closing = True
        self._buffer = b""
        exchange = self.exchange = Exchange(self._supplies.exchange, self, self.connection.peer_ip)
        exchange.refuse(error)

    # ---- what the exchange asks (core.ports.ClientPort) ----

    def request_bytes(self, head: RequestHead) -> bytes:
        """The head as the server gets it, with what is told about this client."""
        about = self._about
        return request_bytes(head, about.lines(head), about.replaced)

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

    def switch(self, head: ResponseHead | None, upstream: Any, data: bytes) -> None:
        """Join client and upstream to a tunnel; ``tunnel_finished`` of the exchange follows."""
        supplies = self._supplies
        client_stream, self._stream = self._stream, None
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

    def done(self, completed: bool) -> None:
        """The exchange is over; ``completed`` if the whole request was read."""
        self.exchange = None
        if self._stream is None:
            return
        if self.closing or not completed or self._supplies.draining:
            self._end(completed)
            return
        timeouts = self._supplies.timeouts
        if self._blocked:
            self._supplies.deadlines.arm(self, timeouts.stream)
            return
        self._supplies.deadlines.arm(self, timeouts.idle)
        if self._buffer and not self._serving:
            self._serve_kept()

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
