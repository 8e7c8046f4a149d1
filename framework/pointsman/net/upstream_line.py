"""The line to a real server: its stream and its time, how it waits, rests and ends."""

from __future__ import annotations

from collections.abc import Hashable

from pointsman.core.http1.bodies import Body
from pointsman.core.http1.response_reader import ResponseReader
from pointsman.core.members import Member
from pointsman.core.ports import Asking, Holder
from pointsman.model.errors import UpstreamError
from pointsman.net.call import Call
from pointsman.net.stream import Stream
from pointsman.net.upstream_supplies import UpstreamSupplies


class UpstreamLine:
    """What a connection to a server does that has nothing to do with what is said on it.

    Attributes:
        member: whose server it leads to.
        key: what it must have in common with whoever reuses it; None if it is plain.
        reused: whether it has already carried an exchange.
        deadline, slot: its place in the wheel of deadlines.
    """

    __slots__ = (
        "__weakref__",
        "_asking",
        "_body",
        "_buffer",
        "_call",
        "_chunking",
        "_clean",
        "_held",
        "_holder",
        "_method",
        "_reader",
        "_sending",
        "_stream",
        "_supplies",
        "_unsent",
        "deadline",
        "key",
        "member",
        "reused",
        "slot",
    )

    def __init__(
        self, supplies: UpstreamSupplies, member: Member, asking: Asking, key: Hashable = None
    ) -> None:
        self._supplies = supplies
        self.member = member
        self.key = key
        self.reused = False
        self.deadline = 0
        self.slot = 0
        self._asking: Asking | None = asking
        self._stream: Stream | None = None
        self._call: Call | None = None
        self._reader = ResponseReader(supplies.limits.response_header_bytes, supplies.lines)
        self._body: Body | None = None
        self._buffer = b""
        self._method = b""
        self._chunking = False
        self._clean = True
        self._held = False
        self._holder: Holder | None = None  # the client that it waits for
        self._sending = False  # the request is not yet complete
        self._unsent = 0  # what waited for the server when we last looked

    # ---- what the exchange asks ----

    def hold(self) -> None:
        """Stop reading the response; while the client is slow, the server is not."""
        if self._stream is not None:
            self._held = True
            self.deadline = 0
            self._stream.pause()

    def go_on(self) -> None:
        """Read on."""
        if self._stream is not None:
            self._held = False
            self._supplies.deadlines.arm(self, self._supplies.timeouts.stream)
            self._stream.resume()

    def suits(self, asking: Asking) -> bool:
        """Whether a new connection for ``asking`` would have the same key."""
        tls = self._supplies.tls
        return tls is None or tls.side.key(self.member.server, asking) == self.key

    def abort(self) -> None:
        """The exchange is given up: close the connection at once."""
        self._asking = None
        if self._stream is not None:
            self._stream.abort()

    def close(self) -> None:
        """Close an idle connection, or one that cannot be used again."""
        self._asking = None
        stream = self._stream
        if stream is None:
            return
        if stream.waiting:
            stream.abort()  # an answer came before the request was taken: nobody waits for the rest
        else:
            stream.close()

    def detach(self) -> Stream | None:
        """Give the stream away to a tunnel; this object is done with it."""
        self._supplies.deadlines.disarm(self)
        self._asking = None
        stream, self._stream = self._stream, None
        return stream

    # ---- what the stream says ----

    def blocked(self) -> None:
        """The server reads too slowly."""
        if self._asking is not None and self._stream is not None:
            self._unsent = self._stream.waiting
            if not self._held:
                self._supplies.deadlines.arm(self, self._supplies.timeouts.response)
            self._asking.upstream_blocked()

    def drained(self) -> None:
        """It has caught up."""
        if self._asking is not None:
            if self._sending:
                self.deadline = 0
            elif not self._held:
                self._supplies.deadlines.arm(self, self._supplies.timeouts.response)
            self._asking.upstream_drained()

    def timed_out(self) -> None:
        """The server was silent for too long, or the connection was idle for long enough."""
        if self._asking is None:
            self._rest_no_more()
            self.close()
        elif (unsent := self._stream.waiting if self._stream else 0) and unsent != self._unsent:
            self._unsent = unsent  # it does read, if slowly
            self._supplies.deadlines.arm(self, self._supplies.timeouts.response)
        else:
            self._fail(UpstreamError("timeout", "the server was silent for too long"))

    # ---- inside ----

    def _write(self, data: bytes) -> None:
        stream = self._stream
        if stream is None:
            return
        if self._sending:
            if not stream.waiting:
                self.deadline = 0
        elif not self._held:
            self._supplies.deadlines.arm(self, self._supplies.timeouts.response)
        stream.write(data)

    def _rest(self, stream: Stream) -> None:
        self._supplies.deadlines.arm(self, self._supplies.timeouts.upstream_idle)
        if self._held:
            # An idle connection is read, so that its end is seen and its next answer too.
            self._held = False
            stream.resume()

    def _rest_no_more(self) -> None:
        """It was closed, or is to be (``UpstreamConnection._rest_no_more``)."""
        raise NotImplementedError

    def _broken(self, message: str) -> UpstreamError:
        # Part of an answer makes it certain that the server has acted on the request.
        return UpstreamError("response", message, retryable=not self._buffer)

    def _fail(self, error: UpstreamError) -> None:
        asking, self._asking = self._asking, None
        if self._stream is not None:
            self._stream.abort()
        if asking is not None:
            asking.upstream_failed(error)
