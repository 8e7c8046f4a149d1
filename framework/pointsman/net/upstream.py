"""The protocol toward a real server: requests out, responses in, one exchange at a time."""

from __future__ import annotations

from pointsman.core.http1.bodies import (
    Body,
    BodyError,
    UntilCloseBody,
    body_of,
    chunk,
    is_costly,
    last_chunk,
)
from pointsman.core.members import Member
from pointsman.core.ports import Asking, Holder
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, ResponseHead
from pointsman.net.stream import Stream
from pointsman.net.upstream_line import UpstreamLine
from pointsman.net.upstream_supplies import UpstreamSupplies


class UpstreamConnection(UpstreamLine):
    """One connection to a member's server (core.ports.UpstreamPort)."""

    __slots__ = ()

    # ---- being connected ----

    def dial(self) -> bool:
        """Connect; whether ``connected`` or ``connect_failed`` are still to come."""
        supplies = self._supplies
        server, timeout, tls = self.member.server, supplies.timeouts.connect, supplies.tls
        if tls is None:
            self._call = supplies.dialler.dial(server, timeout, self)
        else:
            self._call = tls.dial(server, timeout, self, self.key)
        return self._call is not None

    def cancel(self) -> None:
        """Nobody waits for it any more (core.ports.Opening)."""
        self._asking = None
        if self._call is not None:
            self._call.cancel()
        if self._stream is not None:
            self._stream.abort()

    def dialled(self, stream: Stream) -> None:
        """The dialler has connected."""
        self._call = None
        self._stream = stream
        asking = self._asking
        if asking is None:
            stream.abort()
            return
        stream.resume()
        asking.connected(self)

    def dial_failed(self, error: UpstreamError) -> None:
        """The dialler could not connect."""
        self._call = None
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.connect_failed(error)

    def taken_by(self, asking: Asking) -> None:
        """An exchange takes this idle connection."""
        self._holder = None
        self._asking = asking
        self.reused = True
        asking.connected(self)

    # ---- what the exchange asks (core.ports.UpstreamPort) ----

    def send_request(
        self, head: bytes, method: bytes, body: bytes, length: int, ended: bool
    ) -> None:
        """Send the head and the first part of the body."""
        self._method = method
        self._chunking = chunking = length == CHUNKED
        if body:
            head += chunk(body) if chunking else body
        if chunking and ended:
            head += last_chunk([])
        supplies = self._supplies
        # While the client owes us body, the server owes us nothing: it is the client's time. Not
        # so before its first byte, for which the client may want to see a 100.
        self._sending = not ended
        if ended or not body:
            supplies.deadlines.arm(self, supplies.timeouts.response)
        else:
            self.deadline = 0
        stream = self._stream
        assert stream is not None
        stream.write(head)

    def send_data(self, data: bytes) -> None:
        """More payload, not empty."""
        self._write(chunk(data) if self._chunking else data)

    def send_end(self, trailers: list[Field]) -> None:
        """The request is complete."""
        self._sending = False
        if self._chunking:
            self._write(last_chunk(trailers))
        elif self._stream is not None and not self._held:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.response)

    def release(self, reusable: bool) -> None:
        """The exchange is over; keep the connection for another one if that is safe."""
        self._asking = self._body = None
        stream = self._stream
        if reusable and self._clean and not self._buffer and stream is not None:
            supplies = self._supplies
            if supplies.idle.put(self, supplies.limits.upstream_idle):
                self._rest(stream)
                return
        self.close()

    def wait_for(self, holder: Holder) -> None:
        """The exchange is over; keep the connection for another one of this client."""
        self._asking = self._body = None
        stream = self._stream
        if not self._clean or self._buffer or stream is None:
            self.close()
            return
        self._holder = holder
        holder.bound = self
        self._rest(stream)

    def _rest_no_more(self) -> None:
        holder, self._holder = self._holder, None
        if holder is None:
            self._supplies.idle.remove(self)
        else:
            holder.bound = None

    # ---- what the stream says ----

    def data_received(self, data: bytes) -> None:
        """Bytes from the server."""
        asking = self._asking
        if asking is None:
            self._clean = False  # an idle server has nothing to say
            self._rest_no_more()
            self.close()
            return
        body = self._body
        if body is not None:
            self._body_received(body, data, asking)
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        while data:
            try:
                head = self._reader.read(data, self._method)
            except UpstreamError as error:
                self._fail(error)
                return
            if head is None:
                self._buffer = data
                return
            end = self._reader.end
            rest = data[end:] if end < len(data) else b""
            if head.status >= 200:
                length = head.body_length
                if len(rest) == length:
                    asking.response_began(head, rest, True)
                else:
                    self._body_began(head, rest, length, asking)
                return
            if head.status == 101:
                asking.switched(head, rest)
                return
            asking.response_interim(head)
            if self._asking is not asking:
                return
            if is_costly(rest, b"") and self._stream is not None:
                self._stream.read_less()  # no answer has so much before it
            data = rest

    def _body_began(self, head: ResponseHead, rest: bytes, length: int, asking: Asking) -> None:
        supplies = self._supplies
        body = self._body = body_of(length)
        supplies.deadlines.arm(self, supplies.timeouts.stream)
        try:
            payload = body.feed(rest) if rest else b""
        except BodyError as error:
            self._fail(UpstreamError("body", str(error)))
            return
        if body.rest:
            self._clean = False  # more than one response to one request
        if body.ended and not body.trailers:
            asking.response_began(head, payload, True)
            return
        asking.response_began(head, payload, False)
        if body.ended and self._asking is asking:
            asking.response_ended(body.trailers)

    def _body_received(self, body: Body, data: bytes, asking: Asking) -> None:
        supplies = self._supplies
        supplies.deadlines.arm(self, supplies.timeouts.stream)
        try:
            payload = body.feed(data)
        except BodyError as error:
            self._fail(UpstreamError("body", str(error)))
            return
        if body.rest:
            self._clean = False
        if is_costly(data, payload) and self._stream is not None:
            self._stream.read_less()
        if payload:
            asking.response_data(payload)
        if body.ended and self._asking is asking:
            asking.response_ended(body.trailers)

    def end_received(self) -> None:
        """The server has finished sending."""
        asking = self._asking
        if asking is None:
            self._rest_no_more()
            self.close()
        elif isinstance(self._body, UntilCloseBody):
            self._clean = False
            self._body.ended = True
            asking.response_ended([])
        else:
            self._fail(self._broken("the server closed the connection"))

    def stream_lost(self, error: Exception | None) -> None:
        """The stream is gone."""
        self._stream = None
        self._supplies.deadlines.disarm(self)
        self._rest_no_more()
        if self._asking is not None:
            self._fail(self._broken(str(error or "closed")))


class UpstreamConnections:
    """Opens upstream connections for one virtual service (core.ports.Upstreams)."""

    def __init__(self, supplies: UpstreamSupplies) -> None:
        self._supplies = supplies

    def open(self, member: Member, asking: Asking, fresh: bool) -> UpstreamConnection | None:
        """An idle connection of that member, or a new one."""
        supplies = self._supplies
        tls = supplies.tls
        key = tls.side.key(member.server, asking) if tls is not None else None
        if not fresh:
            idle = supplies.idle.take(member, key)
            if idle is not None:
                idle.taken_by(asking)
                return None
        connection = UpstreamConnection(supplies, member, asking, key)
        return connection if connection.dial() else None
