"""The protocol toward a client: requests in, responses out, in order, one exchange at a time."""

from __future__ import annotations

from typing import Final

from pointsman.core.exchange import Exchange
from pointsman.core.http1.bodies import Body, BodyError, body_of, is_costly
from pointsman.model.errors import ClientError
from pointsman.model.message import RequestHead
from pointsman.net.client_line import ClientLine
from pointsman.net.stream import Stream

# What a client may send ahead while its last request is still being answered.
_MOST_PIPELINED: Final = 64 * 1024
# So many requests of one client are answered in a turn of the loop, then others have theirs: what
# needs no server is answered at once, and thousands of requests may come in one read.
_MOST_IN_A_TURN: Final = 64
# A client that has closed its sending side may be gone; it is given this long for its answer.
_HALF_CLOSED_SECONDS: Final = 5.0


class ClientConnection(ClientLine):
    """One client connection (core.ports.ClientPort, net.stream.StreamOwner)."""

    __slots__ = ()

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
        exchange = self.exchange = self._new_exchange(self.connection.peer_ip)
        exchange.refuse_overload()

    # ---- what the stream says ----

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self.exchange is None:
            if self._lingering:
                return
            if self._blocked or self._put_off:
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
        answered = 0
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
            serves = self._supplies.serves
            if serves is not None and not serves(self.connection.server_name, head.host):
                self._refuse(ClientError(421, "this Host is not served on this connection"))
                break
            about = self._about
            client_ip = about.client_ip(head) if about.trusted else self.connection.peer_ip
            exchange = self.exchange = self._new_exchange(client_ip)
            if head.body_length:
                self._begin_with_body(exchange, head)
            else:
                self.deadline = 0
                exchange.begin(head, b"", True)
            # Answers that a client does not read must not pile up: the next one waits.
            if not exchange.over or self._blocked:
                break
            answered += 1
            if answered == _MOST_IN_A_TURN and self._buffer and self._stream is not None:
                self._put_off_rest()
                break
            data, self._buffer = self._buffer, b""
        self._serving = False
        if self._half_closed:
            self._nothing_more_comes()

    def _put_off_rest(self) -> None:
        self._put_off = True
        self._keep_for_later(b"")
        self._supplies.reactor.callLater(0, self._go_on_serving)

    def _go_on_serving(self) -> None:
        """It is this client's turn again."""
        self._put_off = False
        idle = self.exchange is None and not self._blocked and not self._lingering
        if self._buffer and idle and self._stream is not None:
            self._serve_kept()

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
            exchange.request_ended(self._fit(body.trailers))

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
        if is_costly(data, payload) and self._stream is not None:
            self._stream.read_less()
        if body.ended:
            self._body_ended(body)
        if payload:
            exchange.request_data(payload)
        if body.ended:
            exchange.request_ended(self._fit(body.trailers))

    def _body_ended(self, body: Body) -> None:
        self._body = None
        self._buffer = body.rest
        if not self._blocked:
            self.deadline = 0

    def end_received(self) -> None:
        """The client has finished sending; it may still wait for its answer."""
        self._half_closed = True
        self._nothing_more_comes()

    def _nothing_more_comes(self) -> None:
        exchange = self.exchange
        if exchange is None:
            if not (self._blocked or self._put_off) or not self._buffer:
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
        self._log_out()
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

    def _refuse(self, error: ClientError) -> None:
        """An answer to bytes that are no request."""
        self.closing = True
        self._buffer = b""
        exchange = self.exchange = self._new_exchange(self.connection.peer_ip)
        exchange.refuse(error)

    # ---- what the exchange says ----

    def done(self, completed: bool) -> None:
        """The exchange is over; ``completed`` if the whole request was read."""
        self.exchange = None
        if self._stream is None:
            return
        if self.closing or not completed or (self._supplies.draining and not self.move_on()):
            self._end(completed)
            return
        timeouts = self._supplies.timeouts
        if self._blocked:
            self._supplies.deadlines.arm(self, timeouts.stream)
            return
        self._supplies.deadlines.arm(self, timeouts.idle)
        if self._buffer and not self._serving:
            self._serve_kept()
